import type { MachineAction } from "./machine-action.ts";

/**
 * The moments of an action's way, in the order in which they come. Of each command:
 * started:  its start was recorded here.
 * ended:    it ended on the device.
 * uploaded: all of its result is durable here.
 */
export type TimingStep =
  | { step: "accepted" | "claimed" | "sent" | "final"; atMs: number }
  | { step: "started" | "ended" | "uploaded"; index: number; atMs: number };

/**
 * What is known of them; the rest is left out, and so is what came after a final status, as the late end of a cancelled command. The
 * clocks of nodes differ by a little: no step comes before the one ahead of it, so what lies between them adds up to the whole.
 */
export function actionTiming(action: MachineAction): [TimingStep, ...TimingStep[]] {
  const { createdAtMs, finalAtMs } = action;
  const steps: [TimingStep, ...TimingStep[]] = [{ step: "accepted", atMs: createdAtMs }];
  let latestMs = createdAtMs;
  for (const step of stepsBetween(action)) {
    if (finalAtMs !== null && step.atMs > finalAtMs) continue;
    latestMs = Math.max(latestMs, step.atMs);
    steps.push({ ...step, atMs: latestMs });
  }
  if (finalAtMs !== null) steps.push({ step: "final", atMs: Math.max(latestMs, finalAtMs) });
  return steps;
}

function* stepsBetween({ order, commands }: MachineAction): Generator<TimingStep> {
  if (order) yield { step: "claimed", atMs: order.claimedAtMs };
  if (order && order.sentAtMs !== null) yield { step: "sent", atMs: order.sentAtMs };
  for (const [index, { startedAtMs, finishedAtMs, endedAtMs, result }] of commands.entries()) {
    if (startedAtMs !== null) yield { step: "started", index, atMs: startedAtMs };
    if (finishedAtMs !== null) yield { step: "ended", index, atMs: finishedAtMs };
    if (endedAtMs !== null && result !== null) yield { step: "uploaded", index, atMs: endedAtMs };
  }
}
