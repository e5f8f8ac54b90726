import { createHash } from "node:crypto";
import {
  type Connection,
  DEFAULT_SETTINGS,
  type Log,
  runAgentCore,
  ServerConnection,
} from "@halligan/agent/simulation";
import {
  type Hello,
  LINK_CLOSE,
  type MachineFacts,
  parseAgentFrame,
  RUN_AS,
  SEALED_SINCE_VERSION,
  type StartGranted,
} from "@halligan/protocol/link";
import { SimLink } from "../link/sim-link.ts";
import type { Nodes } from "../server/nodes.ts";
import { forever, ProcessLifetime } from "../time/process-lifetime.ts";
import { type KeyPair, serverKeys } from "../world/keys.ts";
import type { World } from "../world/world.ts";
import { agentClock } from "./agent-clock.ts";
import { JournalFile, NoSpaceLeftError } from "./journal-file.ts";
import { ProcessTable } from "./process-table.ts";
import { type CommandWatcher, SimRunner } from "./sim-runner.ts";
import { Transfers } from "./transfers.ts";

const ORDER_KEY = serverKeys().order.signing;
const PINNED_KEYS = {
  keys: [{ keyId: ORDER_KEY.keyId, publicKey: ORDER_KEY.publicKey }],
  setNumber: serverKeys().orderKeySet,
  recoveryKey: null,
};

/**
 * How long a service manager waits before it restarts an agent that could not create its journal.
 */
const RESTART_MS = 5_000;

/** State of one connection. */
export interface SaidOnLink {
  hello: Hello | null;
  /** The rolling value from the reply to the hello. */
  offered: string | null;
  link: SimLink | null;
}

export interface DeviceWatcher {
  commands(device: Device): CommandWatcher;
  /** The agent passes a frame to the network. */
  agentSends(text: string): void;
  /** `said`: what the device has sent on this connection. */
  serverSends(device: Device, text: string, said: SaidOnLink): void;
}

interface Agent {
  lifetime: ProcessLifetime;
  stop: AbortController;
}

/** A device. Its key, disk and processes outlive each agent process that runs on it. */
export class Device {
  readonly name: string;
  readonly machineId: string;
  readonly key: KeyPair;
  /** The link version of its agent: the present one, or that of the previous release. */
  readonly linkVersion: number;
  readonly journal: JournalFile;
  readonly processes: ProcessTable;
  /** Whether the device has a network. Without it, no message passes in either direction. */
  isOnline = true;
  /** The device was removed permanently. Deadlines must end what waits for it. */
  isGone = false;
  link: SimLink | null = null;
  /** Set by a fault: called when the server next grants a start. */
  atGrant: ((grant: StartGranted) => void) | null = null;
  readonly #world: World;
  readonly #server: Nodes;
  readonly #watcher: DeviceWatcher;
  #agent: Agent | null = null;
  #startsAgain = false;
  /**
   * A proxy on its last connection can make the server close it because of frames that the device
   * never sent.
   */
  #isProxied = false;

  constructor(world: World, server: Nodes, watcher: DeviceWatcher, name: string, key: KeyPair, linkVersion: number) {
    this.#world = world;
    this.#server = server;
    this.#watcher = watcher;
    this.name = name;
    this.key = key;
    this.linkVersion = linkVersion;
    this.machineId = createHash("sha256").update(Buffer.from(key.publicKey, "base64url")).digest("hex").slice(0, 40);
    this.journal = new JournalFile(world, name);
    this.processes = new ProcessTable(world);
  }

  get #knowsRunAs(): boolean {
    return this.#world.users !== null && this.linkVersion >= SEALED_SINCE_VERSION;
  }

  get isRunning(): boolean {
    return this.#agent !== null;
  }

  startAgent(): void {
    // Its service manager starts an agent that is still stopping when it has stopped.
    if (this.#agent?.stop.signal.aborted) this.#startsAgain = true;
    if (this.#agent || this.isGone) return;
    this.#startsAgain = false;
    const agent: Agent = { lifetime: new ProcessLifetime(), stop: new AbortController() };
    this.#agent = agent;
    this.#note("agent starts");
    this.#run(agent).then(
      () => this.#exited(agent),
      (error: unknown) => this.#failed(agent, error),
    );
  }

  granted(grant: StartGranted): void {
    const fault = this.atGrant;
    this.atGrant = null;
    fault?.(grant);
  }

  /**
   * SIGKILL or a power cut: the process dies at any point of its work.
   * @param hasPower false: what was written and not synced can be lost
   */
  kill(why: string, isLinkClosed: boolean, hasPower = true): void {
    const agent = this.#agent;
    if (!agent) return;
    this.#note(`agent dies: ${why}`);
    this.#endProcess(agent);
    this.journal.crash(hasPower);
    if (isLinkClosed) this.link?.closeAgentEnd();
    else this.link?.break({ server: false, agent: true });
  }

  /** SIGTERM: running commands are ended and journaled first. */
  stop(): void {
    if (!this.#agent) return;
    this.#note("agent receives SIGTERM");
    this.#agent.stop.abort();
  }

  /** The run is over. Releases everything that holds references to its world. */
  discard(): void {
    if (this.#agent) this.#endProcess(this.#agent);
  }

  /**
   * Aborts the signals of a dead agent. The code of a dead agent has no visible effect. However,
   * Node keeps listeners of signals that never abort (`AbortSignal.any`), and with them all objects
   * of the run.
   */
  #endProcess(agent: Agent): void {
    agent.lifetime.end();
    agent.stop.abort();
    this.#agent = null;
  }

  async #run({ lifetime, stop }: Agent): Promise<void> {
    const clock = agentClock(this.#world.timeline, lifetime);
    const serverConnection = new ServerConnection(clock);
    const { random } = this.#world;
    const transfers = new Transfers(this.#world, lifetime, this.#server, {
      isOnline: () => this.isOnline,
      serverConnection,
      clock,
    });
    await runAgentCore(
      {
        clock,
        serverConnection,
        log: this.#log(lifetime),
        random: { fraction: () => random.fraction(), id: () => random.hex(32) },
        disk: this.journal.disk(lifetime),
        net: { connect: () => this.#connect(lifetime) },
        runner: new SimRunner({
          world: this.#world,
          lifetime,
          clock,
          processes: this.processes,
          transfers,
          watcher: this.#watcher.commands(this),
          deviceName: this.name,
          knowsRunAs: this.#knowsRunAs,
          neverEnds: this.#world.neverEnding !== null && this.name === "device1",
        }),
        linkVersion: this.linkVersion,
        features: this.#knowsRunAs ? [RUN_AS] : [],
        settings: DEFAULT_SETTINGS,
        identity: { machineId: this.machineId, privateKey: this.key.privateKey },
        pinnedKeys: PINNED_KEYS,
        // All schedules use one key, so the server never sends a key set.
        pinKeys: async () => undefined,
        facts: () => facts(this.name),
      },
      stop.signal,
    );
  }

  async #connect(lifetime: ProcessLifetime): Promise<Connection> {
    await this.#world.delay(2, 80);
    if (lifetime.isOver) return forever();
    const said: SaidOnLink = { hello: null, offered: null, link: null };
    const link = new SimLink(
      this.#world,
      this.name,
      {
        agentSends: (text) => {
          this.#watcher.agentSends(text);
          const frame = text.startsWith('{"type":"hello"') ? parseAgentFrame(text) : null;
          if (frame?.type === "hello") said.hello = frame;
        },
        serverSends: (text) => this.#watcher.serverSends(this, text, said),
        ended: (ended) => {
          if (this.link === ended) this.link = null;
        },
      },
      this.linkVersion >= SEALED_SINCE_VERSION,
    );
    said.link = link;
    this.#isProxied = link.isProxied;
    const taken = this.isOnline ? this.#server.accept(link.socket) : null;
    if (!taken) throw new Error("The server could not be reached.");
    link.attach(taken);
    this.link = link;
    return link.connection;
  }

  #exited(agent: Agent): void {
    if (agent.lifetime.isOver) return;
    this.#note("agent has stopped");
    this.#endProcess(agent);
    this.link?.closeAgentEnd();
    if (this.#startsAgain) this.startAgent();
  }

  #failed(agent: Agent, error: unknown): void {
    if (agent.lifetime.isOver) return;
    const isFull = error instanceof NoSpaceLeftError;
    if (isFull || agent.stop.signal.aborted) this.#exited(agent);
    // The device's service manager restarts it.
    if (isFull) this.#world.timeline.after(RESTART_MS, () => this.startAgent());
    if (agent.lifetime.isOver) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#world.violated("nothingBreaks", `the agent of ${this.name} gave up: ${text}`);
  }

  #log(lifetime: ProcessLifetime): Log {
    const write: Log["warn"] = (event, fields = {}) => {
      if (lifetime.isOver) return;
      const { meaning: _, ...told } = fields;
      this.#note(`log ${event} ${JSON.stringify(told)}`);
      const isBroken = fields.closeCode === LINK_CLOSE.protocol && !this.#isProxied;
      if (fields.closeCode === LINK_CLOSE.unauthorized || isBroken) {
        this.#world.violated("nothingBreaks", `the server refused the enrolled ${this.name}: ${fields.error}`);
      }
    };
    return { info() {}, warn: write, error: write };
  }

  #note(event: string): void {
    this.#world.trace.note(this.name, event);
  }
}

export const facts = (computerDnsName: string): MachineFacts => ({
  computerDnsName,
  osPlatform: "Linux",
  version: "12",
  osVersion: null,
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: null,
  agentVersion: "0.1.0",
  ipAddresses: [],
});
