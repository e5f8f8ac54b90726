import type { HeldOrder, Hello, Verdict } from "@halligan/protocol/link";
import { isEnded } from "../actions/command.ts";
import { isFinal, type MachineAction } from "../actions/machine-action.ts";
import { firstScheduled, isScheduled, isScheduledLater } from "../actions/scheduled-start.ts";

/**
 * Decides what to send next on a machine's connection. Depends on the machine's open actions: those
 * that are unfinished or whose order may still run on the device. At most one of them is
 * unfinished and released; the schema guarantees it.
 */
export type ConnectionStep =
  /** The action has ended, but its order may still run on the device: send the end. */
  | { type: "end"; action: MachineAction }
  /** Claim it for this connection and send its order. */
  | { type: "claim"; action: MachineAction }
  /** It was claimed before and no start was reported: send the same order again. */
  | { type: "resend"; action: MachineAction }
  /** `scheduledMs`: when an action may be released, which can be in the past; null for none. */
  | { type: "idle"; scheduledMs: number | null };

export function nextConnectionStep(openActions: readonly MachineAction[], nowMs: number): ConnectionStep {
  const toEnd = openActions.find((action) => isFinal(action.status) && action.order?.state === "out");
  if (toEnd) return { type: "end", action: toEnd };
  const scheduled = firstScheduled(openActions);
  const scheduledMs = scheduled?.scheduledMs ?? null;
  const unfinished = openActions.find((action) => !isFinal(action.status) && !isScheduled(action));
  if (!unfinished) {
    const isDue = scheduled && !isScheduledLater(scheduled, nowMs);
    return isDue ? { type: "claim", action: scheduled } : { type: "idle", scheduledMs };
  }
  if (!unfinished.order) return { type: "claim", action: unfinished };
  return hasStarted(unfinished) ? { type: "idle", scheduledMs } : { type: "resend", action: unfinished };
}

export type HelloVerdict =
  | { action: MachineAction; decision: "keep" }
  | { action: MachineAction; decision: "close" }
  | { action: MachineAction; decision: "lost"; reason: string };

const START_IN_DOUBT =
  "The server stopped, and the device was restarted, right after this action was sent. Whether its next script ran is not known";

/**
 * Whether a start may have been granted that neither the store nor the device's journal shows. The
 * device's process knows what it has started. If the process was replaced, its journal may have
 * been set back.
 */
function mayHaveStarted(action: MachineAction, held: HeldOrder | undefined, { continuity }: Hello): boolean {
  const inDoubt = action.order?.startInDoubt ?? null;
  if (inDoubt === null || isFinal(action.status) || continuity?.processId === inDoubt) return false;
  const index = action.commands.findIndex((command) => !isEnded(command));
  const command = action.commands[index];
  if (command?.type !== "RunScript" || command.status !== "Created") return false;
  return (held?.commands.find((of) => of.index === index)?.state ?? "waiting") === "waiting";
}

/**
 * Compares the order that the server has recorded as out with the orders that the device holds
 * (docs/architecture.md#what-happens-to-one-action). `keep`: change nothing; the device runs it, or
 * it is sent again under the same orderSeq. `close`: no part of it can run on the device. `lost`:
 * its outcome can no longer be known, so it must never be sent again.
 */
export function judgeOpenOrder(action: MachineAction, hello: Hello, lastOrderSeq: number): HelloVerdict {
  const { order } = action;
  const held = hello.orders.find((o) => o.actionId === action.id && o.orderSeq === order?.orderSeq);
  const isServerBehind = held ? wasAcknowledged(held, action) : hello.highestOrderSeq > lastOrderSeq;
  if (isServerBehind && !isFinal(action.status)) {
    return lost(action, "The server's records were set back, so the device may have run this action already");
  }
  if (order?.state !== "out") return { action, decision: "keep" };
  if (held && !isFinal(action.status) && hasLessThanReported(held, action)) {
    return lost(action, "The device's journal was set back and has less of this action than the device has reported");
  }
  if (mayHaveStarted(action, held, hello)) {
    return lost(action, START_IN_DOUBT);
  }
  if (held) return { action, decision: "keep" };
  if (isFinal(action.status)) return { action, decision: "close" };
  if (hello.journalId !== order.journalId) {
    return lost(
      action,
      "The device came back with another journal (wiped, restored or cloned) while this action was out",
    );
  }
  const wasAccepted = hello.highestOrderSeq >= order.orderSeq;
  if (wasAccepted) return lost(action, "The device accepted this action but no longer holds it");
  if (hasStarted(action)) return lost(action, "The device's journal was set back to before this action started");
  return { action, decision: "keep" };
}

/**
 * The answer to the device about one order that it holds. `known`: the machine's action of that id,
 * if there is one. An order may have been closed on the server (lost to another journal) and still
 * run on the device. The device must end it, and it is out again until the device confirms
 * the end.
 */
export function heldOrderVerdict(
  held: HeldOrder,
  known: MachineAction | undefined,
): { verdict: Verdict; reopened?: MachineAction } {
  // The server does not know the order (its store was restored from a backup), so the device must
  // end it.
  if (known?.order?.orderSeq !== held.orderSeq) return { verdict: "end" };
  if (known.order.state === "out") return { verdict: isFinal(known.status) ? "end" : "continue" };
  const mayRun = held.commands.some(({ state }) => JOURNALED[state] < JOURNALED.ended);
  if (!mayRun) return { verdict: "forget" };
  return { verdict: "end", reopened: { ...known, order: { ...known.order, state: "out" } } };
}

/**
 * Whether a device may create the process for a start that it reported. It may if this start is the
 * recorded one and the script is still wanted. Other commands wait for no grant, because they
 * change nothing when two devices run them.
 */
export function isStartGranted(action: MachineAction, index: number, startId: string): boolean {
  const command = action.commands[index];
  return (
    command?.type === "RunScript" &&
    command.startId === startId &&
    command.status === "Executing" &&
    !isFinal(action.status)
  );
}

const REPORTED = { Created: 0, Executing: 1, Completed: 2, Failed: 2 } as const;
const JOURNALED = { waiting: 0, running: 1, ended: 2, acknowledged: 2 } as const;

/**
 * A device writes its journal before it reports. If its journal has less than it reported, it is an
 * older copy, and the device would start commands again.
 */
function hasLessThanReported(held: HeldOrder, action: MachineAction): boolean {
  const states = new Map(held.commands.map(({ index, state }) => [index, state]));
  return action.commands.some(({ status }, index) => REPORTED[status] > JOURNALED[states.get(index) ?? "waiting"]);
}

/**
 * The device holds an acknowledgement of an end that is not recorded here, so the store was
 * restored from a backup.
 */
function wasAcknowledged(held: HeldOrder, action: MachineAction): boolean {
  return held.commands.some(({ index, state }) => {
    const command = action.commands[index];
    return state === "acknowledged" && command !== undefined && REPORTED[command.status] < REPORTED.Completed;
  });
}

const hasStarted = (action: MachineAction): boolean => action.commands.some((command) => command.status !== "Created");

const lost = (action: MachineAction, reason: string): HelloVerdict => ({ action, decision: "lost", reason });

/** A connection of the device's process `processId` ended without its own record. */
export function withStartInDoubt(action: MachineAction, processId: string | null): MachineAction {
  const { order } = action;
  if (order?.state !== "out" || isFinal(action.status) || processId === null) return action;
  return { ...action, order: { ...order, startInDoubt: order.startInDoubt ?? processId } };
}

/** The device is known to have made no start that is not recorded or reported again. */
export function withoutDoubt(action: MachineAction): MachineAction {
  return action.order?.startInDoubt ? { ...action, order: { ...action.order, startInDoubt: null } } : action;
}
