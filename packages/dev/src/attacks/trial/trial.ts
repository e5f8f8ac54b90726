import { sleep, systemClock } from "@halligan/protocol/time";
import { World } from "../../world.ts";
import { type Attack, type AttackCounters, type AttackTarget, DEFAULT_MEMORY_GROWTH_LIMIT_MIB } from "../attack.ts";
import { AttackerProcess } from "./attacker-process.ts";
import { HonestLoad, type LoadFigures } from "./honest-load.ts";
import { NotFoundServer } from "./not-found-server.ts";
import { HighestMemory, openDescriptors, residentMib } from "./server-process.ts";
import type { TrialFigures } from "./verdict.ts";

export interface TrialOptions {
  /**
   * Length of each of the four measurements: without the attack, baseline, with the attack, after
   * it.
   */
  readonly seconds: number;
  readonly agents: number;
}

/** All of 127.0.0.0/8 is local on Linux; elsewhere only one address is. */
const ATTACKER_ADDRESS = process.platform === "linux" ? "127.0.0.66" : "127.0.0.1";
const SETTINGS = {
  HALLIGAN_LIMITS_PROFILE: "open",
  // An agent closes its connection after three intervals without a frame. With this interval that
  // happens during the attack, not a minute later.
  HALLIGAN_LINK_PING_INTERVAL_MS: "1000",
};
/** The server closes an attacker's connections within its own limits on idle ones. */
const SETTLE_WITHIN_MS = 15_000;
const POLL_MS = 100;
const ALLOWED_DESCRIPTORS = 8;

/**
 * One deployment with honest agents and callers, one attacker: measured without the attack, at the
 * baseline, with it and after it.
 */
export async function runTrial(attack: Attack, options: TrialOptions, signal: AbortSignal): Promise<TrialFigures> {
  let agentConnectionsLost = 0;
  let isOver = false;
  const onLine = (program: string, line: string) => {
    if (program !== "server" && !isOver && line.includes('"event":"linkLost"')) agentConnectionsLost += 1;
  };
  const settings = { ...SETTINGS, ...attack.settings };
  await using world = await World.start({ agents: options.agents, settings, onLine });
  const given = (await attack.prepare?.(world)) ?? {};
  using load = await HonestLoad.begin(world);
  const measure = () => load.measure(options.seconds * 1_000, signal);
  const target: AttackTarget = {
    baseUrl: world.credentials.baseUrl,
    tenant: world.credentials.tenant,
    localAddress: ATTACKER_ADDRESS,
    machineIds: world.machines.map(({ id }) => id),
    given: { ...given },
  };

  const quiet = await measure();
  const baseline = await measureBaseline(attack, target, measure);
  const { pid } = world.server;
  const before = { mib: await residentMib(pid), descriptors: await openDescriptors(pid) };
  using memory = new HighestMemory(pid);
  const { load: during, counters } = await underAttack(attack, target, measure);
  const highest = memory.mib;
  const descriptors = await settledDescriptors(pid, before.descriptors, signal);
  const after = await measure();
  const notAsBefore = (await attack.check?.(world, counters)) ?? [];
  const readyStatusAfter = await fetch(`${world.credentials.baseUrl}/readyz`).then(
    ({ status }) => status,
    () => 0,
  );
  const figures: TrialFigures = {
    attack: attack.name,
    point: attack.point,
    seconds: options.seconds,
    quiet,
    baseline,
    during,
    after,
    memoryMib: {
      before: Math.round(before.mib),
      highest: Math.round(highest),
      after: Math.round(await residentMib(pid)),
      growthLimit: attack.memoryGrowthLimitMib ?? DEFAULT_MEMORY_GROWTH_LIMIT_MIB,
    },
    descriptors: { before: before.descriptors, after: descriptors },
    agentConnectionsLost,
    readyStatusAfter,
    counters,
    notAsBefore,
  };
  isOver = true;
  return figures;
}

async function measureBaseline(
  attack: Attack,
  target: AttackTarget,
  measure: () => Promise<LoadFigures>,
): Promise<LoadFigures> {
  await using notFound = await NotFoundServer.start();
  return (await underAttack(attack, { ...target, baseUrl: notFound.baseUrl }, measure)).load;
}

async function underAttack(
  attack: Attack,
  target: AttackTarget,
  measure: () => Promise<LoadFigures>,
): Promise<{ load: LoadFigures; counters: AttackCounters }> {
  await using attacker = await AttackerProcess.start(attack.name, target);
  const load = await measure();
  return { load, counters: await attacker.stop() };
}

/**
 * Waits until the attacker's connections are closed; returns the number of descriptors then, or at
 * the limit.
 */
async function settledDescriptors(pid: number, before: number, signal: AbortSignal): Promise<number> {
  const untilMs = performance.now() + SETTLE_WITHIN_MS;
  let now = await openDescriptors(pid);
  while (now > before + ALLOWED_DESCRIPTORS && performance.now() < untilMs) {
    await sleep(systemClock, POLL_MS, signal);
    now = await openDescriptors(pid);
  }
  return now;
}
