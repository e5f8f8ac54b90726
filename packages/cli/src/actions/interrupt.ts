import type { HalliganClient } from "@halligan/protocol/client";
import type { Outcome } from "../command.ts";
import { InterruptedError } from "../errors/cli-error.ts";
import { describeFailure } from "../errors/describe-failure.ts";

/** Longest request to cancel after Ctrl+C. A second Ctrl+C ends the program at once. */
const CANCEL_WITHIN_MS = 15_000;

/** Cancels the action when a person interrupts the work on it. */
export async function cancelOnInterrupt(
  client: HalliganClient,
  actionId: string,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    try {
      const signal = AbortSignal.timeout(CANCEL_WITHIN_MS);
      await client.cancelMachineAction(actionId, "interrupted (halligan --on-interrupt cancel)", { signal });
    } catch (cause) {
      const { message } = describeFailure(cause);
      throw new InterruptedError(error.signal, `Action ${actionId} was not cancelled: ${message}`, error.json);
    }
    throw new InterruptedError(error.signal, `Action ${actionId} was cancelled.`, error.json);
  }
}
