import type { HeldOrder, Hello, Verdict } from "@halligan/protocol/link";
import { isFinal, type MachineAction } from "../actions/machine-action.ts";

/**
 * What a machine's link has to do next, decided from the machine's open actions: those that are unfinished or whose order
 * may still run on the device. At most one of them is unfinished (the schema sees to that).
 */
export type LinkStep =
  /** The action ended here while its order may still run there: tell the device to end it. */
  | { type: "end"; action: MachineAction }
  /** Claim it for this link and send its order. */
  | { type: "claim"; action: MachineAction }
  /** Claimed before, no word of a start: send the same order again. */
  | { type: "resend"; action: MachineAction }
  | { type: "idle" };

export function nextLinkStep(openActions: readonly MachineAction[]): LinkStep {
  const toEnd = openActions.find((action) => isFinal(action.status) && action.order?.state === "out");
  if (toEnd) return { type: "end", action: toEnd };
  const unfinished = openActions.find((action) => !isFinal(action.status));
  if (!unfinished) return { type: "idle" };
  if (!unfinished.order) return { type: "claim", action: unfinished };
  return hasStarted(unfinished) ? { type: "idle" } : { type: "resend", action: unfinished };
}

export type HelloVerdict =
  | { action: MachineAction; decision: "keep" }
  | { action: MachineAction; decision: "close" }
  | { action: MachineAction; decision: "lost"; reason: string };

/**
 * Compares what the server thinks is out with what the device says it holds
 * (docs/architecture.md#what-happens-to-one-action). `keep`: leave it as it is (it runs there, or
 * is sent again under the same orderSeq). `close`: nothing of it can run there. `lost`: nobody can
 * say any more what became of it, so it must never be sent again.
 */
export function judgeOpenOrder(action: MachineAction, hello: Hello, lastOrderSeq: number): HelloVerdict {
  const { order } = action;
  const held = hello.orders.find((o) => o.actionId === action.id && o.orderSeq === order?.orderSeq);
  const hasForgotten = held ? wasAcknowledged(held, action) : hello.highestOrderSeq > lastOrderSeq;
  if (hasForgotten && !isFinal(action.status)) {
    return lost(action, "The server's records were set back, so the device may have run this action already");
  }
  if (order?.state !== "out") return { action, decision: "keep" };
  if (held && !isFinal(action.status) && knowsLess(held, action)) {
    return lost(action, "The device's journal was set back to before what it had told of this action");
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
 * What the device is told about one order that it holds. `known`: the machine's action of that id, if there is one. An order that was
 * closed here (lost to another journal) while it may still run there is ended there first, and is out again until that is confirmed.
 */
export function heldOrderVerdict(
  held: HeldOrder,
  known: MachineAction | undefined,
): { verdict: Verdict; reopened?: MachineAction } {
  // An order that the server does not know (a store restored from a backup) must not run on.
  if (known?.order?.orderSeq !== held.orderSeq) return { verdict: "end" };
  if (known.order.state === "out") return { verdict: isFinal(known.status) ? "end" : "continue" };
  const mayRun = held.commands.some(({ state }) => JOURNALED[state] < JOURNALED.ended);
  if (!mayRun) return { verdict: "forget" };
  return { verdict: "end", reopened: { ...known, order: { ...known.order, state: "out" } } };
}

/**
 * Whether a device may make the process of the start that it has told: the one that is recorded here, of a script that is still wanted.
 * The other commands change nothing when two devices run them, and wait for no grant.
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

const TOLD = { Created: 0, Executing: 1, Completed: 2, Failed: 2 } as const;
const JOURNALED = { waiting: 0, running: 1, ended: 2, acknowledged: 2 } as const;

/** A device journals before it tells. Where its journal knows less than it told, it is an older one, and would start things again. */
function knowsLess(held: HeldOrder, action: MachineAction): boolean {
  const states = new Map(held.commands.map(({ index, state }) => [index, state]));
  return action.commands.some(({ status }, index) => TOLD[status] > JOURNALED[states.get(index) ?? "waiting"]);
}

/** The device has an acknowledgement of an end that is not recorded here: the store was restored from a backup. */
function wasAcknowledged(held: HeldOrder, action: MachineAction): boolean {
  return held.commands.some(({ index, state }) => {
    const command = action.commands[index];
    return state === "acknowledged" && command !== undefined && TOLD[command.status] < TOLD.Completed;
  });
}

const hasStarted = (action: MachineAction): boolean => action.commands.some((command) => command.status !== "Created");

const lost = (action: MachineAction, reason: string): HelloVerdict => ({ action, decision: "lost", reason });
