/** The devices of one process, and the commands that control them. */
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Static } from "typebox";
import { Api } from "../load/api.ts";
import { RUN_SCRIPT } from "../processes/trivial-script.ts";
import { percentile } from "../statistics.ts";
import { Device } from "./device.ts";
import type { Dispatched, Enrolled, FleetRequest, Linked, Returned, Worked } from "./messages.ts";

type RequestOf<T extends FleetRequest["type"]> = Extract<FleetRequest, { type: T }>;

const ENROLL_AT_ONCE = 32;
/**
 * Links that are being made at once. All of them together would overrun the server's accept queue
 * and its 5 s for the answer.
 */
const LINK_AT_ONCE = 100;
const API_CONNECTIONS = 64;
const PATIENCE_MS = 120_000;

interface Member {
  readonly device: Device;
  readonly linkUrl: string;
  readonly caller: Api;
}

export class Fleet implements AsyncDisposable {
  readonly #apis: Api[] = [];
  #members: readonly Member[] = [];
  #ca: string | null = null;

  async enroll(request: RequestOf<"enroll">): Promise<Static<typeof Enrolled>> {
    const { baseUrls, callersAt, ca, accessToken, devices, namePrefix, enrollmentToken } = request;
    this.#ca = ca;
    this.#apis.push(...baseUrls.map((url) => new Api(url, accessToken, { connections: API_CONNECTIONS, ca })));
    const members: Member[] = [];
    await inParallel(devices, ENROLL_AT_ONCE, async (index) => {
      const home = index % baseUrls.length;
      const linkUrl = baseUrls[home];
      const caller = this.#apis[callersAt === "next" ? (home + 1) % this.#apis.length : home];
      if (linkUrl === undefined || !caller) throw new Error("a fleet needs a server");
      members.push({ device: await Device.enroll(caller, `${namePrefix}-${index}`, enrollmentToken), linkUrl, caller });
    });
    this.#members = members;
    return { machineIds: members.map(({ device }) => device.machineId) };
  }

  async link(): Promise<Static<typeof Linked>> {
    const begunMs = performance.now();
    await inParallel(this.#members.length, LINK_AT_ONCE, async (index) => {
      const member = this.#members[index];
      if (!member) return;
      const up = whenUp(member.device);
      member.device.connect(member.linkUrl, this.#ca);
      await within(up, "a device was not linked");
    });
    return { linkedMs: performance.now() - begunMs };
  }

  async awaitReturn(): Promise<Static<typeof Returned>> {
    const returns = this.#members.map(({ device }) => whenUp(device).then(() => Date.now()));
    return { returnedAtMs: await within(Promise.all(returns), "not every device came back") };
  }

  async dispatch({ actions }: RequestOf<"dispatch">): Promise<Static<typeof Dispatched>> {
    const timesMs: number[] = [];
    for (let n = 0; n < actions; n += 1) {
      const { device, caller } = this.#members[n % this.#members.length] ?? nobody();
      const forgotten = device.nextForgotten();
      const ordered = new Promise<number>((resolve) => {
        device.onOrder = () => resolve(performance.now());
      });
      const begunMs = performance.now();
      await caller.startAction(device.machineId, RUN_SCRIPT);
      timesMs.push((await within(ordered, "an order did not come")) - begunMs);
      await within(forgotten, "an action did not end");
    }
    return { timesMs };
  }

  async work({ warmUpMs, measureMs }: RequestOf<"work">): Promise<Worked> {
    const begunMs = performance.now();
    const [fromMs, untilMs] = [begunMs + warmUpMs, begunMs + warmUpMs + measureMs];
    const timesMs: number[] = [];
    let [accepted, ended] = [0, 0];
    const call = async ({ device, caller }: Member) => {
      // At least one is measured, however slow the machine is.
      while (performance.now() < untilMs || timesMs.length === 0) {
        const startedMs = performance.now();
        const goal = device.forgotten + 1;
        const forgotten = device.nextForgotten();
        await caller.startAction(device.machineId, RUN_SCRIPT);
        accepted += 1;
        if (device.forgotten < goal) await forgotten;
        ended += 1;
        const nowMs = performance.now();
        if (nowMs >= fromMs && (nowMs < untilMs || timesMs.length === 0)) timesMs.push(nowMs - startedMs);
      }
    };
    await within(Promise.all(this.#members.map(call)), "an action did not end");
    return {
      accepted,
      ended,
      measured: timesMs.length,
      measuredMs: measureMs,
      p50Ms: percentile(timesMs, 0.5),
      p99Ms: percentile(timesMs, 0.99),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(({ device }) => device[Symbol.asyncDispose]()));
    for (const api of this.#apis) api[Symbol.dispose]();
  }
}

function nobody(): never {
  throw new Error("a fleet has no devices before it is enrolled");
}

function whenUp(device: Device): Promise<void> {
  return new Promise((resolve) => {
    device.onUp = () => resolve();
  });
}

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  const done = new AbortController();
  const late = sleep(systemClock, PATIENCE_MS, done.signal).then(() => {
    throw new Error(`${otherwise} within ${PATIENCE_MS / 1_000} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
}

async function inParallel(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, one));
}
