import type { AuditRecord } from "../store/administration/audit.ts";
import type { StoreTx } from "../store/store.ts";
import type { AuditedOperation } from "./audit-operations.ts";
import type { Actor } from "./events.ts";

/** Something done to the deployment itself, written in the transaction of the change. Names and ids, never a secret. */
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

/** Who did it, as every record has it. */
export const auditedActor = (
  actor: Actor,
): Pick<AuditRecord, "actor" | "actorId" | "actorKind" | "application" | "address"> => ({
  actor: actor.name,
  actorId: actor.id,
  actorKind: actor.kind,
  application: actor.clientId ?? null,
  // Empty when the connection was gone before its address was asked for.
  address: actor.address || null,
});
