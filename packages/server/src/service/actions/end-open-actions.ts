import { applyEvent } from "../../domain/actions/machine-action.ts";
import type { StoreTx } from "../../store/store.ts";
import type { Actor } from "../actor.ts";
import { events } from "../events.ts";

/**
 * Ends everything that is open on a machine whose device is not believed or heard any more; returns
 * the ids of the actions that became final by it. Their orders are closed, because no device will
 * confirm that they are.
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
    if ("code" in transition || !transition.changed) continue;
    const saved = await tx.actions.save(action, transition.action);
    if (saved.status === action.status) continue;
    await events.ended(tx, actor, saved, nowMs);
    ended.push(saved.id);
  }
  return ended;
}
