import type { StoreTx } from "../store/store.ts";
import type { Actor } from "./events.ts";

/** Something done to the deployment itself, written in the transaction of the change. Names and ids, never a secret. */
export function auditChange(
  tx: StoreTx,
  actor: Actor,
  operation: string,
  atMs: number,
  detail: Record<string, unknown>,
  machineId: string | null = null,
): Promise<void> {
  return tx.audit.append({ atMs, actor: actor.name, actorId: actor.id, operation, machineId, actionId: null, detail });
}
