/** Keeps a connection: connects again with backoff, without a limit, until it is stopped. */

import { LINK_CLOSE, TOO_OFTEN_WAIT_MS } from "@halligan/protocol/link";
import { backoffMs, sleep } from "@halligan/protocol/time";
import { messageOf } from "../error-text.ts";
import type { OwnersLog } from "../owners-log/owners-log.ts";
import type { Random } from "../ports.ts";
import { ConnectionEndedError } from "./connection-ended-error.ts";
import { type ConnectionDeps, type FrameHandlers, runConnection } from "./run-connection.ts";

/** Close codes that need a person. An early retry would not help. */
const NEEDS_OPERATOR: ReadonlyMap<number, string> = new Map([
  [
    LINK_CLOSE.unauthorized,
    "The server does not accept this device: enroll it again, or check that this is its server.",
  ],
  [
    LINK_CLOSE.quarantined,
    "The server keeps this machine in quarantine; the error says why. Where an operator did that, the agent connects by " +
      "itself after the release. Where two devices use its key, or this one was set back to an earlier state: on each of " +
      "them stop the agent, remove its data folder and enroll with a new token.",
  ],
  [
    LINK_CLOSE.retired,
    "The server has retired this machine. To enroll this device as a new one, stop its agent and remove its data folder.",
  ],
]);

export async function keepConnected(
  deps: ConnectionDeps & { random: Random },
  handlers: FrameHandlers,
  signal: AbortSignal,
): Promise<void> {
  const { backoffBaseMs, backoffCapMs, stableConnectionMs } = deps.settings;
  const bounds = { baseMs: backoffBaseMs, capMs: backoffCapMs };
  let attempt = 0;
  const refusals = new Refusals(deps.ownersLog);
  while (!signal.aborted) {
    const begunMs = deps.clock.monotonicMs();
    let waitMs: number;
    try {
      await runConnection(deps, handlers, signal);
      waitMs = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (deps.clock.monotonicMs() - begunMs >= stableConnectionMs) attempt = 0;
      const { code, isProven } = error instanceof ConnectionEndedError ? error : { code: null, isProven: false };
      // A server that does not have the order key cannot prove that it refuses the device.
      const isTrusted = isProven || code === LINK_CLOSE.unauthorized;
      const operatorRemedy = code === null || !isTrusted ? undefined : NEEDS_OPERATOR.get(code);
      waitMs = operatorRemedy ? backoffCapMs : backoffMs(attempt, bounds, deps.random.fraction());
      if (code === LINK_CLOSE.tooOften) waitMs = Math.max(waitMs, TOO_OFTEN_WAIT_MS);
      attempt++;
      const fields = { error: messageOf(error), closeCode: code, retryInMs: waitMs };
      if (operatorRemedy) deps.log.error("linkRefused", { ...fields, meaning: operatorRemedy });
      else deps.log.warn("linkLost", fields);
      if (isProven) refusals.log(code);
      if (code === LINK_CLOSE.retired && isProven) await endHeldOrders(deps, handlers);
    }
    try {
      await sleep(deps.clock, waitMs, signal);
    } catch {
      return;
    }
  }
}

/** The owner's log gets each kind of refusal once: the agent asks again as long as it runs. */
class Refusals {
  readonly #ownersLog: OwnersLog | undefined;
  readonly #logged = new Set<number>();

  constructor(ownersLog: OwnersLog | undefined) {
    this.#ownersLog = ownersLog;
  }

  log(code: number | null): void {
    const event = code === LINK_CLOSE.retired ? "retired" : code === LINK_CLOSE.quarantined ? "quarantined" : null;
    if (code === null || event === null || this.#logged.has(code)) return;
    this.#logged.add(code);
    this.#ownersLog?.write({ event });
  }
}

/** If this fails, the next connection that is refused for the same reason tries it again. */
async function endHeldOrders({ log }: ConnectionDeps, handlers: FrameHandlers): Promise<void> {
  try {
    await handlers.retired();
  } catch (error) {
    log.error("ordersNotEnded", { error: messageOf(error) });
  }
}
