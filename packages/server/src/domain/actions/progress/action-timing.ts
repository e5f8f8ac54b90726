import type { MachineAction } from "../machine-action.ts";

/**
 * The steps of an action in the order of their times. For each command:
 * started:  the server recorded its start.
 * ended:    it ended on the device.
 * uploaded: all of its result is durable on the server.
 */
export type TimingStep =
  /** Steps of the whole action. */
  | { step: "accepted" | "claimed" | "sent" | "final"; index: null; atMs: number }
  | { step: "started" | "ended" | "uploaded"; index: number; atMs: number };

/**
 * The known steps. Steps after a final status are left out, such as the late end of a cancelled
 * command. The clocks of nodes differ slightly, so a step is never placed before the one ahead of
 * it. The differences between steps therefore add up to the whole time.
 */
export function actionTiming(action: MachineAction): [TimingStep, ...TimingStep[]] {
  const { createdAtMs, finalAtMs } = action;
  const steps: [TimingStep, ...TimingStep[]] = [{ step: "accepted", index: null, atMs: createdAtMs }];
  let latestMs = createdAtMs;
  for (const step of stepsBetween(action)) {
    if (finalAtMs !== null && step.atMs > finalAtMs) continue;
    latestMs = Math.max(latestMs, step.atMs);
    steps.push({ ...step, atMs: latestMs });
  }
  if (finalAtMs !== null) steps.push({ step: "final", index: null, atMs: Math.max(latestMs, finalAtMs) });
  return steps;
}

function* stepsBetween({ order, commands }: MachineAction): Generator<TimingStep> {
  if (order) yield { step: "claimed", index: null, atMs: order.claimedAtMs };
  if (order && order.sentAtMs !== null) yield { step: "sent", index: null, atMs: order.sentAtMs };
  for (const [index, { startedAtMs, finishedAtMs, endedAtMs, result }] of commands.entries()) {
    if (startedAtMs !== null) yield { step: "started", index, atMs: startedAtMs };
    if (finishedAtMs !== null) yield { step: "ended", index, atMs: finishedAtMs };
    if (endedAtMs !== null && result !== null) yield { step: "uploaded", index, atMs: endedAtMs };
  }
}
