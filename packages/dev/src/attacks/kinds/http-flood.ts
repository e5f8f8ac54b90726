import { Agent, request as sendRequest } from "node:http";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { AttackTarget, RunningAttack } from "../attack.ts";

export interface FloodRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface FloodOptions {
  readonly connections: number;
  /** `n` counts all requests of the flood. */
  readonly request: (n: number) => FloodRequest;
}

/**
 * After a connection that failed: without it a closed port would be a loop that only burns the
 * attacker's own processor.
 */
const RETRY_MS = 5;
const ANSWER_TIMEOUT_MS = 60_000;

/**
 * Sends requests on several keep-alive connections, each as soon as the previous one is answered.
 * Counts responses by status.
 */
export function floodHttp(target: AttackTarget, options: FloodOptions, signal: AbortSignal): RunningAttack {
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  let sent = 0;
  const connection = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!signal.aborted) {
      const status = await exchange(target, options.request(sent++), agent, signal);
      if (signal.aborted) break;
      count("requests");
      count(status === null ? "connectionsLost" : `status${status}`);
      if (status === null) await sleep(systemClock, RETRY_MS, undefined);
    }
    agent.destroy();
  };
  const ended = Promise.all(Array.from({ length: options.connections }, connection)).then(() => undefined);
  return { counters: () => Object.fromEntries(counts), ended };
}

/** The status of the response; null when the connection was lost before it. */
function exchange(
  { baseUrl, localAddress }: AttackTarget,
  { method, path, headers, body }: FloodRequest,
  agent: Agent,
  signal: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve) => {
    const request = sendRequest(`${baseUrl}${path}`, {
      method,
      agent,
      localAddress,
      signal,
      timeout: ANSWER_TIMEOUT_MS,
      headers: {
        ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...headers,
      },
    });
    let status: number | null = null;
    request.on("response", (response) => {
      status = response.statusCode ?? null;
      response.resume();
    });
    request.on("timeout", () => request.destroy());
    // A server may answer and close while the body is still on its way: the status counts.
    request.on("error", () => undefined);
    request.on("close", () => resolve(status));
    request.end(body);
  });
}
