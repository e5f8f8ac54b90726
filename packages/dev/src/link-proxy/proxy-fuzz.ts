import { FINAL_STATUSES, type MachineActionWire } from "@halligan/protocol/api";
import { machineIdOf, openEnd } from "@halligan/protocol/link-crypto";
import { sleep, systemClock } from "@halligan/protocol/time";
import { SeededRandom } from "../torture/seeded-random.ts";
import { Violations } from "../torture/violations.ts";
import { World } from "../world.ts";
import { HostileProxy } from "./hostile-proxy.ts";
import { outputOf, RecordingDevice } from "./recording-device.ts";
import { jsonOf, TerminatingProxy, typeOf } from "./terminating-proxy.ts";

export interface ProxyFuzzOptions {
  readonly frames: number;
  readonly seed: string;
}

export interface ProxyFuzzReport {
  readonly frames: number;
  readonly connections: number;
  readonly actions: number;
  readonly succeeded: number;
  readonly cancelled: number;
  readonly scriptsRun: number;
  readonly framesPerSecond: number;
  /** Frames by what was done to them. */
  readonly acts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

const DEVICES = 32;
const SCRIPT_NAME = "say.sh";
const POLL_MS = 200;
/** Of the agent: `limits.ts`. The proxy sees a grant when it is some milliseconds old. */
const MAX_GRANT_AGE_MS = 10_000 + 250;
/** With a proxy that passes everything on, every action ends in this time. */
const PATIENCE_MS = 120_000;

/**
 * A real server, devices with the real core, and proxies between them that terminate the agent
 * connection and manipulate its messages. No script may run without a recent grant of the server or
 * run twice, and the API must not return a result that its device did not sign.
 */
export async function proxyFuzz(
  { frames, seed }: ProxyFuzzOptions,
  say: (text: string) => void,
): Promise<ProxyFuzzReport> {
  const random = new SeededRandom(seed);
  const violations = new Violations(say);
  const settings = { HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_LINK_PING_INTERVAL_MS: "500" };
  await using world = await World.start({ agents: 0, settings });
  await world.client.putLibraryFile({ fileName: SCRIPT_NAME, content: () => new Blob(["#!/bin/sh\necho said\n"]) });
  const counts = new Map<string, number>();
  const sent = () => counts.values().reduce((sum, count) => sum + count, 0);
  await using opened = new AsyncDisposableStack();
  const attacked: Attacked[] = [];
  for (let i = 0; i < DEVICES; i += 1) {
    attacked.push(await Attacked.open(world, random.fork(`device ${i}`), counts, violations, opened));
  }
  const begunMs = performance.now();
  const goesOn = () => sent() < frames && violations.list.length === 0;
  const progress = setInterval(() => say(`${sent()} frames`), 5_000);
  opened.defer(() => clearInterval(progress));
  let spentMs = 0;
  try {
    await Promise.all(attacked.map((one) => one.work(goesOn)));
    spentMs = performance.now() - begunMs;
    for (const one of attacked) one.proxy.isHostile = false;
    await Promise.all(attacked.map((one) => one.finish()));
  } catch (cause) {
    // As when the server believes a proxy and puts a machine in quarantine.
    violations.add(`the run could not go on: ${cause instanceof Error ? cause.stack : cause}`);
  }
  const total = (of: (one: Attacked) => number) => attacked.reduce((sum, one) => sum + of(one), 0);
  return {
    frames: sent(),
    connections: total((one) => one.connections),
    actions: total((one) => one.actions.length),
    succeeded: total((one) => one.succeeded),
    cancelled: total((one) => one.cancelled.size),
    scriptsRun: total((one) => one.device.ran.length),
    framesPerSecond: Math.round((sent() * 1_000) / Math.max(spentMs, 1)),
    acts: byAct(counts),
    violations: violations.list,
  };
}

/** A device behind a proxy of its own, and who asks it for actions. */
class Attacked {
  readonly proxy: HostileProxy;
  readonly actions: string[] = [];
  readonly cancelled = new Set<string>();
  succeeded = 0;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #violations: Violations;
  readonly #terminating: TerminatingProxy;
  #device: RecordingDevice | null = null;
  /** When the server granted the start of an action, by the device's clock. */
  readonly #grantedAtMs = new Map<string, number>();

  private constructor(
    world: World,
    random: SeededRandom,
    counts: Map<string, number>,
    violations: Violations,
    terminating: TerminatingProxy,
  ) {
    this.#world = world;
    this.#random = random;
    this.#violations = violations;
    this.#terminating = terminating;
    this.proxy = new HostileProxy(random.fork("proxy"), counts, () => this.#device?.clock ?? null);
    terminating.onMessage = (message, crossing) => {
      if (message.from === "server" && typeOf(message) === "startGranted") {
        const { actionId }: { actionId: string } = JSON.parse(jsonOf(message));
        this.#grantedAtMs.set(actionId, this.device.clock.monotonicMs());
      }
      this.proxy.take(message, crossing);
    };
  }

  static async open(
    world: World,
    random: SeededRandom,
    counts: Map<string, number>,
    violations: Violations,
    owner: AsyncDisposableStack,
  ): Promise<Attacked> {
    const { baseUrl } = world.credentials;
    const terminating = owner.use(await TerminatingProxy.listen(baseUrl));
    const attacked = new Attacked(world, random, counts, violations, terminating);
    attacked.proxy.isHostile = false;
    const { token } = await world.client.createEnrollmentToken({ uses: 1 });
    const name = `attacked-${random.hex(6)}`;
    const device = owner.use(await RecordingDevice.start({ baseUrl, proxyUrl: terminating.url }, name, token));
    device.onRun = (actionId) => attacked.#ran(actionId);
    attacked.#device = device;
    attacked.proxy.isHostile = true;
    return attacked;
  }

  get device(): RecordingDevice {
    if (!this.#device) throw new Error("the device is not there yet");
    return this.#device;
  }

  get connections(): number {
    return this.#terminating.connections;
  }

  /** One action after another, some of them cancelled at a moment of chance. */
  async work(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      const id = await this.#ask();
      const cancelAtMs = performance.now() + (this.#random.chance(0.3) ? this.#random.between(0, 150) : Infinity);
      for (;;) {
        const action = await this.#world.client.getMachineAction(id);
        if (FINAL_STATUSES.has(action.status) || !goesOn()) break;
        if (performance.now() >= cancelAtMs && !this.cancelled.has(id)) await this.#cancel(id);
        await sleep(systemClock, POLL_MS, undefined);
      }
    }
  }

  /**
   * Without attacks everything ends, a further action succeeds, and what is shown is what the
   * device signed.
   */
  async finish(): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    const last = this.actions.at(-1);
    if (last !== undefined) await this.#ended(last, untilMs);
    const { status } = await this.#ended(await this.#ask(), untilMs);
    if (status !== "Succeeded") this.#violations.add(`an action after the attack ended as ${status}`);
    for (const id of this.actions) await this.#check(await this.#world.client.getMachineAction(id));
  }

  async #ask(): Promise<string> {
    const { id } = await this.#world.client.runLiveResponse(this.device.machineId, {
      Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: SCRIPT_NAME }] }],
      Comment: "through a hostile proxy",
    });
    this.actions.push(id);
    return id;
  }

  /** It may have ended meanwhile. */
  async #cancel(id: string): Promise<void> {
    this.cancelled.add(id);
    await this.#world.client.cancelMachineAction(id, "fuzz").catch(() => undefined);
  }

  async #ended(id: string, untilMs: number): Promise<MachineActionWire> {
    for (;;) {
      const action = await this.#world.client.getMachineAction(id);
      if (FINAL_STATUSES.has(action.status)) return action;
      if (performance.now() > untilMs) {
        this.#violations.add(
          `an action did not end: ${JSON.stringify(action)}; ${this.device.events.slice(-20).join(" ")}`,
        );
        return action;
      }
      await sleep(systemClock, POLL_MS, undefined);
    }
  }

  #ran(actionId: string): void {
    const grantedAtMs = this.#grantedAtMs.get(actionId);
    if (grantedAtMs === undefined) {
      this.#violations.add(`action ${actionId} ran without a grant of the server`);
      return;
    }
    const ageMs = this.device.clock.monotonicMs() - grantedAtMs;
    if (ageMs > MAX_GRANT_AGE_MS) this.#violations.add(`action ${actionId} ran by a grant of ${ageMs} ms before`);
    if (this.device.ran.filter((id) => id === actionId).length > 1)
      this.#violations.add(`action ${actionId} ran twice`);
  }

  async #check({ id, status, machineId }: MachineActionWire): Promise<void> {
    const { client } = this.#world;
    const { value: results } = await client.getMachineActionResults(id);
    if (status === "Succeeded") this.succeeded += 1;
    if (status === "Succeeded" && !this.device.ran.includes(id)) {
      this.#violations.add(`action ${id} succeeded and did not run`);
    }
    if (results.length === 0) return;
    const transcript = await client.downloadTranscript(await client.getDownloadUrl(id, 0));
    if (transcript.script_output !== outputOf(id))
      this.#violations.add(`action ${id} shows ${transcript.script_output}`);
    const { value } = await client.getMachineActionEvidence(id);
    const evidence = value[0]?.evidence;
    const end =
      evidence && machineIdOf(evidence.publicKey) === machineId ? openEnd(evidence, evidence.publicKey) : null;
    if (end?.actionId !== id || end.result?.sha256 !== results[0]?.sha256) {
      this.#violations.add(`action ${id} has a result that its device did not sign`);
    }
  }
}

function byAct(counts: ReadonlyMap<string, number>): Record<string, number> {
  const acts: Record<string, number> = {};
  for (const [name, count] of counts) {
    const act = name.split(" ", 1)[0] ?? "";
    acts[act] = (acts[act] ?? 0) + count;
  }
  return acts;
}
