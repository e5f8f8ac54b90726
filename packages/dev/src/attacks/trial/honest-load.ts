import { Agent } from "node:http";
import { FINAL_STATUSES, MachineActionWire } from "@halligan/protocol/api";
import { sleep, systemClock } from "@halligan/protocol/time";
import { Value } from "typebox/value";
import { accessToken } from "../../torture/access-token.ts";
import type { World } from "../../world.ts";
import { honestRequest } from "./honest-request.ts";

const CALLERS = 4;
const INTERVAL_MS = 20;
/**
 * Every so many requests one uses a connection of its own: a server without room for connections
 * fails only those.
 */
const NEW_CONNECTION_EVERY = 5;
const REQUEST_TIMEOUT_MS = 20_000;
const ACTION_TIMEOUT_MS = 60_000;
const ACTION_POLL_MS = 100;
const SCRIPT_NAME = "honest.sh";

export interface LoadFigures {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests without a 2xx response in time. */
  readonly lostRequests: number;
  readonly actions: number;
  /** Actions of honest machines that were refused or did not succeed in time. */
  readonly lostActions: number;
  readonly slowestActionMs: number;
}

/** Honest callers with a fixed pace, and honest machines that run one action after another. */
export class HonestLoad implements Disposable {
  readonly #world: World;
  readonly #token: string;
  readonly #keepAlive = new Agent({ keepAlive: true });
  readonly #paths: readonly string[];

  private constructor(world: World, token: string) {
    this.#world = world;
    this.#token = token;
    const [machine] = world.machines;
    if (!machine) throw new Error("honest load needs an honest machine");
    this.#paths = [`/api/machines/${machine.id}`, "/api/machineactions?$top=10", "/api/machines?$top=10"];
  }

  static async begin(world: World): Promise<HonestLoad> {
    await world.client.putLibraryFile({
      fileName: SCRIPT_NAME,
      content: () => new Blob(["#!/bin/sh\necho honest\n"]),
    });
    const load = new HonestLoad(world, await accessToken(world.credentials));
    await load.measure(500, new AbortController().signal);
    return load;
  }

  /**
   * Latency counts from the moment at which a request was due, so a stalled server is charged for
   * every request it delayed.
   */
  async measure(durationMs: number, signal: AbortSignal): Promise<LoadFigures> {
    const latencies: number[] = [];
    const actionTimes: number[] = [];
    let lostRequests = 0;
    let lostActions = 0;
    const untilMs = performance.now() + durationMs;
    const call = async (caller: number) => {
      let dueMs = performance.now() + (caller * INTERVAL_MS) / CALLERS;
      for (let n = 0; dueMs < untilMs; n += 1, dueMs += INTERVAL_MS) {
        const earlyMs = dueMs - performance.now();
        if (earlyMs > 0) await sleep(systemClock, earlyMs, signal);
        // A server that stalls long enough is measured by what was due; sending all of it would be
        // a second attack.
        if (performance.now() > untilMs + REQUEST_TIMEOUT_MS) break;
        const answer = await this.#send(
          "GET",
          this.#paths[n % this.#paths.length] ?? "/",
          n % NEW_CONNECTION_EVERY === 0,
        );
        latencies.push(performance.now() - dueMs);
        if (answer?.status !== 200) lostRequests += 1;
      }
    };
    const act = async (machineId: string) => {
      while (performance.now() < untilMs) {
        const begunMs = performance.now();
        if (await this.#runAction(machineId, signal)) actionTimes.push(performance.now() - begunMs);
        else lostActions += 1;
        await sleep(systemClock, ACTION_POLL_MS, signal);
      }
    };
    await Promise.all([
      ...Array.from({ length: CALLERS }, (_, caller) => call(caller)),
      ...this.#world.machines.map(({ id }) => act(id)),
    ]);
    return {
      requests: latencies.length,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      lostRequests,
      actions: actionTimes.length,
      lostActions,
      slowestActionMs: Math.max(0, ...actionTimes),
    };
  }

  [Symbol.dispose](): void {
    this.#keepAlive.destroy();
  }

  async #runAction(machineId: string, signal: AbortSignal): Promise<boolean> {
    const started = await this.#send("POST", `/api/machines/${machineId}/runliveresponse`, false, {
      Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: SCRIPT_NAME }] }],
      Comment: "honest",
    });
    if (started?.status !== 201) return false;
    const { id } = Value.Parse(MachineActionWire, JSON.parse(started.body));
    const untilMs = performance.now() + ACTION_TIMEOUT_MS;
    while (performance.now() < untilMs) {
      const answer = await this.#send("GET", `/api/machineactions/${id}`, false);
      if (answer?.status === 200) {
        const { status } = Value.Parse(MachineActionWire, JSON.parse(answer.body));
        if (FINAL_STATUSES.has(status)) return status === "Succeeded";
      }
      await sleep(systemClock, ACTION_POLL_MS, signal);
    }
    return false;
  }

  #send(method: string, path: string, onNewConnection: boolean, json?: unknown) {
    return honestRequest(`${this.#world.credentials.baseUrl}${path}`, {
      method,
      token: this.#token,
      agent: onNewConnection ? false : this.#keepAlive,
      timeoutMs: REQUEST_TIMEOUT_MS,
      ...(json !== undefined && { json }),
    });
  }
}

/** Nearest rank; 0 when nothing was measured. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
