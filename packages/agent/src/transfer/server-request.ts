/**
 * A request over HTTP, outside of the agent connection: ticket, retries with backoff, no redirects,
 * bounded error bodies.
 */

import type { Network } from "@halligan/protocol/network";
import { backoffMs, type MonotonicClock, sleep } from "@halligan/protocol/time";
import { messageOf } from "../core/error-text.ts";
import type { Log, Random } from "../core/ports.ts";
import type { ServerConnection } from "../core/server-connection.ts";
import type { AgentSettings } from "../settings.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { exchange, type HttpRequest, type HttpResponse } from "./http-exchange.ts";
import { readErrorMessage } from "./response-body.ts";
import { TransferFailedError, type TransferWatch } from "./transfer-watch.ts";

export interface TransferDeps {
  serverUrl: string;
  clock: MonotonicClock;
  random: Random;
  log: Log;
  serverConnection: Pick<ServerConnection, "ticket">;
  network: Pick<Network, "agentFor">;
  settings: AgentSettings;
  /** Absent: no cap. */
  bandwidth?: Bandwidth;
}

/** What may be over in a while: try the same again. */
export class RetryableError extends Error {
  override name = "RetryableError";
}

/** The server answered that it cannot do it now, as when its disk is full. */
export class ServerBusyError extends RetryableError {
  override name = "ServerBusyError";
}

/** The server understood and says no. */
export class ServerRefusedError extends TransferFailedError {
  override readonly name = "ServerRefusedError";

  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TRY_AGAIN_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Repeats `work` until it succeeds, is refused or is aborted. Each attempt gets its own signal. */
export async function untilAnswered<T>(
  deps: TransferDeps,
  watch: TransferWatch,
  work: (ticket: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = watch;
  let dead: string | null = null;
  for (let attempt = 0; ; attempt++) {
    const ticket: string = await deps.serverConnection.ticket(dead, signal);
    const over = new AbortController();
    // A newer connection invalidates this ticket. A request that hangs on the old network path
    // would only lose time.
    void deps.serverConnection
      .ticket(ticket, AbortSignal.any([signal, over.signal]))
      .then(() => over.abort(new RetryableError("The agent reconnected to the server.")))
      .catch(() => undefined);
    // A network device that has forgotten a connection sends no error. A new connection may work.
    void watch
      .silentRequest(deps.settings.silentRequestMs, AbortSignal.any([signal, over.signal]))
      .then(() => over.abort(new RetryableError("The request was silent for too long.")))
      .catch(() => undefined);
    try {
      const done = await work(ticket, AbortSignal.any([signal, over.signal]));
      watch.refused(null);
      return done;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ServerRefusedError && error.status === 401) dead = ticket;
      else if (error instanceof TransferFailedError) throw error;
      if (error instanceof ServerBusyError) watch.refused(error.message);
      deps.log.warn("transferRetry", { error: messageOf(error) });
    } finally {
      over.abort();
    }
    const { transferBackoffBaseMs, transferBackoffCapMs } = deps.settings;
    const bounds = { baseMs: transferBackoffBaseMs, capMs: transferBackoffCapMs };
    await sleep(deps.clock, backoffMs(attempt, bounds, deps.random.fraction()), signal);
  }
}

/**
 * One attempt. Resolves with a response of status 2xx whose body is the caller's to read; else
 * rejects.
 */
export async function requestOnce(
  deps: TransferDeps,
  path: string,
  ticket: string,
  init: Omit<HttpRequest, "url">,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const url = `${deps.serverUrl.replace(/\/+$/, "")}${path}`;
  const headers = { authorization: `Ticket ${ticket}`, ...init.headers };
  const response = await exchange({ ...init, url, headers }, deps.network, signal);
  if (response.status >= 200 && response.status < 300) return response;
  const message = await readErrorMessage(response);
  if (response.status >= 500 || TRY_AGAIN_STATUSES.has(response.status)) throw new ServerBusyError(message);
  throw new ServerRefusedError(response.status, message);
}
