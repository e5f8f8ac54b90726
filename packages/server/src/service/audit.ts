import type { StoreTx } from "../store/store.ts";
import { type Actor, auditedActor } from "./actor.ts";
import type { AuditedOperation } from "./audit-operations.ts";

/**
 * Records a change of the deployment itself, in the transaction of the change. Contains names and
 * ids, never a secret.
 */
export function auditChange(
  tx: StoreTx,
  actor: Actor,
  operation: AuditedOperation,
  atMs: number,
  detail: Record<string, unknown>,
  machineId: string | null = null,
): Promise<void> {
  return tx.audit.append({ atMs, ...auditedActor(actor), operation, machineId, actionId: null, detail });
}
