import { applyEvent } from "../../domain/actions/apply-event.ts";
import type { MachineAction, MachineActionEvent } from "../../domain/actions/machine-action.ts";
import type { StorageCode } from "../../domain/actions/transfer-refusal.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Makes a refusal for lack of space visible: in the action, in a metric, and in the log at most
 * once a minute.
 */
export async function noteTransferRefusal(
  context: ServiceContext,
  action: MachineAction,
  { index, code, sizeBytes }: { index: number; code: StorageCode; sizeBytes: number },
): Promise<void> {
  noteStorageRefusal(context, code, sizeBytes, { actionId: action.id, machineId: action.machineId, index });
  const known = action.commands[index]?.refusal;
  if (known?.code === code && known.untilMs === null) return;
  await note(context, action.id, { type: "transferRefused", index, code });
}

/** Only the metric and the warning, also for a library file. `sizeBytes`: 0 when unknown. */
export function noteStorageRefusal(
  { measures, resultSpace, log }: Pick<ServiceContext, "measures" | "resultSpace" | "log">,
  code: StorageCode,
  sizeBytes: number,
  of: Readonly<Record<string, unknown>>,
): void {
  measures.refusedBytes(code, sizeBytes);
  const due = resultSpace.refused(code, sizeBytes);
  if (due)
    log.warn({ code, ...of, ...due }, "files refused for lack of storage space: free or add space, or raise the quota");
}

/** Called after bytes were accepted. Costs nothing if none had been refused. */
export async function noteTransferResumed(
  context: ServiceContext,
  action: MachineAction,
  index: number,
): Promise<void> {
  if (action.commands[index]?.refusal?.untilMs === null)
    await note(context, action.id, { type: "transferResumed", index });
}

/**
 * The response to the device does not depend on this write. If the store cannot be written now, the
 * next refusal tries again.
 */
async function note({ store, clock, log }: ServiceContext, actionId: string, event: MachineActionEvent): Promise<void> {
  try {
    await store.write(async (tx) => {
      const action = await tx.actions.byId(actionId);
      if (!action) return;
      const transition = applyEvent(action, event, clock.nowMs());
      if (transition.kind === "changed") await tx.actions.save(action, transition.action);
    });
  } catch (err) {
    log.warn({ err, actionId }, "storing the reason why a result waits failed");
  }
}
