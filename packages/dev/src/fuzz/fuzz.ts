import { setMaxListeners } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { LINK_PATH } from "@halligan/protocol/link";
import { sleep, systemClock } from "@halligan/protocol/time";
import { accessToken } from "../torture/access-token.ts";
import { SeededRandom } from "../torture/seeded-random.ts";
import { Violations } from "../torture/violations.ts";
import { World } from "../world.ts";
import { FILE_NAME } from "./attacks/accepted-connection.ts";
import { attacksNamed, pickAttack } from "./attacks/attacks.ts";
import { checkFolders } from "./check-folders.ts";
import { plainFacts } from "./frames.ts";
import type { FrameCount } from "./fuzz-connection.ts";
import type { FuzzContext, RequestCount } from "./fuzz-context.ts";
import { HonestWork } from "./honest-work.ts";
import { HostileDevice } from "./hostile-device.ts";
import { ServerWatch } from "./server-watch.ts";

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: string;
  /** Names of attacks (`attacks.ts`), to find which of them does something. Default all. */
  readonly only?: readonly string[];
}

export interface FuzzReport {
  readonly frames: number;
  readonly links: number;
  readonly requests: number;
  readonly answersByStatus: Readonly<Record<string, number>>;
  readonly framesPerSecond: number;
  readonly honestActions: number;
  readonly rssMib: { warm: number; end: number; most: number };
  readonly filesInDataFolder: number;
  readonly violations: readonly string[];
}

/** Attackers at once, each with two devices of its own. */
const WORKERS = 24;
/** How often, over the run, the honest machine ends an action. */
const CHECKS = 10;
const POLL_MS = 100;
const MIB = 1024 * 1024;
const ALLOWED_GROWTH_BYTES = 64 * MIB;

const SETTINGS = {
  HALLIGAN_LIMITS_PROFILE: "open",
  // The run waits three intervals for each hostile connection that sends nothing.
  HALLIGAN_LINK_PING_INTERVAL_MS: "2000",
  // The parsers behind these bounds are what is attacked here; the bounds have tests of their own.
  HALLIGAN_HANDSHAKES_PER_MACHINE_PER_MINUTE: "1000000",
  HALLIGAN_LINK_ATTEMPTS_PER_ADDRESS_PER_MINUTE: "1000000",
  HALLIGAN_LINK_FRAMES_PER_SECOND: "1000000",
  // The run measures live memory, not garbage. By default V8 collects after 150 MiB of garbage, and
  // its young generation grows by 48 MiB. With the default young generation the server levels
  // off near 290 MiB instead of 200 (docs/reliability.md).
  NODE_OPTIONS: "--max-old-space-size=96 --max-semi-space-size=1",
};

/**
 * Hostile devices and clients against a real server process. An honest machine works at the same
 * time and must not notice them.
 */
export async function fuzz({ frames, seed, only = [] }: FuzzOptions, say: (text: string) => void): Promise<FuzzReport> {
  const attacks = attacksNamed(only);
  const random = new SeededRandom(seed);
  const violations = new Violations(say);
  using watch = new ServerWatch(violations);
  await using world = await World.start({ agents: 1, settings: SETTINGS, onLine: watch.onLine });
  const [honest] = world.machines;
  if (!honest) throw new Error("the honest agent was not enrolled");
  await world.client.putLibraryFile({ fileName: FILE_NAME, content: () => new Blob(["#!/bin/sh\necho fuzz\n"]) });
  const count: FrameCount = { frames: 0, links: 0 };
  const requests: RequestCount = { requests: 0, byStatus: new Map() };
  const over = new AbortController();
  // Each open link listens.
  setMaxListeners(0, over.signal);

  const enroll = async (name: string, own: SeededRandom) => {
    const { token } = await world.client.createEnrollmentToken({ uses: 1 });
    return HostileDevice.enroll(world.credentials.baseUrl, token, plainFacts(name), own);
  };
  const victim = await enroll("victim", random.fork("victim"));
  const waiting = await world.client.runLiveResponse(victim.machineId, {
    Commands: [{ type: "GetFile", params: [{ key: "Path", value: "evidence" }] }],
    Comment: "waits for a machine that is offline",
  });
  const before = await world.client.getMachineAction(waiting.id);
  const work = await HonestWork.begin(world, honest.id, violations);

  const contexts = await Promise.all(
    Array.from({ length: WORKERS }, async (_, i): Promise<FuzzContext> => {
      const own = random.fork(`worker ${i}`);
      return {
        baseUrl: world.credentials.baseUrl,
        linkUrl: `${world.credentials.baseUrl.replace(/^http/, "ws")}${LINK_PATH}`,
        client: world.client,
        bearer: await accessToken(world.credentials),
        tenant: world.credentials.tenant,
        random: own,
        count,
        requests,
        device: await enroll(`attacker-${i}`, own),
        accomplice: await enroll(`accomplice-${i}`, own),
        others: () => [{ actionId: waiting.id, orderSeq: 1 }, work.order],
        otherMachineIds: [victim.machineId, honest.id],
        tickets: [],
        answers: [],
        enrollAnew: () => enroll(`attacker-${i}`, own),
        signal: over.signal,
      };
    }),
  );
  watch.begin(world.server);
  const begunMs = performance.now();
  // Attacks over HTTP alone send no frames; their requests count then.
  const sent = () => Math.max(count.frames, requests.requests);
  const goesOn = () => sent() < frames && !over.signal.aborted;
  let nextCheck = frames / CHECKS;
  const attackers = contexts.map(async (context) => {
    while (goesOn()) await pickAttack(attacks, context.random)(context);
    // The run ends here. It does not wait until the server closes the connections that the
    // attackers left open.
    over.abort();
  });
  const checks = (async () => {
    while (goesOn()) {
      await work.finishOne(true);
      const spentMs = performance.now() - begunMs;
      say(
        `${count.frames} frames on ${count.links} links, ${requests.requests} requests, ${rate(count, spentMs)} frames/s, ${Math.round(watch.memory().endBytes / MIB)} MiB`,
      );
      const due = nextCheck;
      nextCheck += frames / CHECKS;
      while (sent() < due && goesOn()) {
        await sleep(systemClock, POLL_MS, over.signal).catch(() => undefined);
      }
    }
  })();
  let spentMs = 0;
  try {
    await Promise.all([...attackers, checks]);
    spentMs = performance.now() - begunMs;
    await work.finishOne(false);
  } catch (cause) {
    violations.add(`the run could not go on: ${cause instanceof Error ? cause.stack : cause}`);
  } finally {
    over.abort();
    await Promise.allSettled([...attackers, checks]);
  }
  const memory = watch.memory();
  await checkOthers(world, before, waiting.id, work, violations);
  for (const [status, number] of requests.byStatus) {
    if (status >= 500) violations.add(`${number} hostile requests were answered with ${status}`);
  }
  const growth = memory.endBytes - memory.warmBytes;
  if (growth > ALLOWED_GROWTH_BYTES) violations.add(`the server grew by ${Math.round(growth / MIB)} MiB`);
  const filesInDataFolder = await checkFolders(world, violations);
  watch[Symbol.dispose]();
  return {
    frames: count.frames,
    links: count.links,
    requests: requests.requests,
    answersByStatus: Object.fromEntries([...requests.byStatus].sort(([a], [b]) => a - b)),
    framesPerSecond: rate(count, spentMs),
    honestActions: work.finished,
    rssMib: {
      warm: Math.round(memory.warmBytes / MIB),
      end: Math.round(memory.endBytes / MIB),
      most: Math.round(memory.mostBytes / MIB),
    },
    filesInDataFolder,
    violations: violations.list,
  };
}

const rate = ({ frames }: FrameCount, ms: number) => Math.round((frames * 1_000) / Math.max(ms, 1));

/**
 * Checks that the waiting action of the absent machine is unchanged, and that only the honest
 * machine's own agent reported for it.
 */
async function checkOthers(
  { client }: World,
  before: unknown,
  waitingId: string,
  { finished }: HonestWork,
  violations: Violations,
): Promise<void> {
  const after = await client.getMachineAction(waitingId);
  if (!isDeepStrictEqual(after, before)) violations.add(`a victim's waiting action changed: ${JSON.stringify(after)}`);
  const honest = (await client.listMachineActions()).filter(({ requestorComment }) => requestorComment === "honest");
  const good = honest.filter(({ status }) => status === "Succeeded").length;
  if (good !== finished) violations.add(`${good} of ${finished} honest actions Succeeded in the end`);
}
