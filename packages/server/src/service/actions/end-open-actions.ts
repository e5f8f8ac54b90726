import { applyEvent } from "../../domain/actions/apply-event.ts";
import type { StoreTx } from "../../store/store.ts";
import type { Actor } from "../actor.ts";
import { events } from "../events.ts";

/**
 * Ends all open actions of a machine whose device is no longer trusted or reachable. Returns the
 * ids of the actions that became final. Their orders are closed at once, because no device will
 * confirm their end.
 */
export async function endOpenActions(
  tx: StoreTx,
  actor: Actor,
  machineId: string,
  reason: string,
  nowMs: number,
): Promise<string[]> {
  const ended: string[] = [];
  for (const action of await tx.actions.openOf(machineId)) {
    const transition = applyEvent(action, { type: "lost", reason }, nowMs);
    if (transition.kind !== "changed") continue;
    const saved = await tx.actions.save(action, transition.action);
    if (saved.status === action.status) continue;
    await events.ended(tx, actor, saved, nowMs);
    ended.push(saved.id);
  }
  return ended;
}
