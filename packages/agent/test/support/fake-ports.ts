/**
 * The core's ports in memory: a disk that keeps or loses, a runner that follows the test, a net
 * with one connection.
 */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  type AgentFrame,
  type MachineFacts,
  type Order,
  type OrderCommand,
  type OrderKey,
  type OutputCounts,
  orderSigningBytes,
  type ServerFrame,
  type Verdict,
} from "@halligan/protocol/link";
import { type MonotonicClock, systemClock } from "@halligan/protocol/time";
import { until } from "../../../protocol/test/support/until.ts";
import { type CoreDeps, runAgentCore } from "../../src/core/agent-core.ts";
import type { PinnedKeys } from "../../src/core/order-keys-check.ts";
import type { OwnersLog } from "../../src/core/owners-log/owners-log.ts";
import type { Connection, Disk, Log, Net, Received, Runner, ScriptEnd } from "../../src/core/ports.ts";
import { ServerConnection } from "../../src/core/server-connection.ts";
import { type AgentSettings, DEFAULT_SETTINGS } from "../../src/settings.ts";
import { DEFAULT_LIMITS, sha256 } from "./fake-server.ts";
import { ServerSeal } from "./server-seal.ts";

export const MACHINE_ID = "ab".repeat(20);
export const silentLog: Log = { info() {}, warn() {}, error() {} };

export class MemoryDisk implements Disk {
  bytes: Uint8Array | null = null;
  isFull = false;
  /** So many of the next appends fail. */
  failures = 0;
  #fails(): boolean {
    if (this.failures === 0) return false;
    this.failures -= 1;
    return true;
  }
  async readJournal(): Promise<Uint8Array | null> {
    return this.bytes;
  }
  async appendJournal(bytes: Uint8Array): Promise<void> {
    if (this.isFull || this.#fails()) throw new Error("no space");
    this.bytes = Buffer.concat([this.bytes ?? new Uint8Array(), bytes]);
  }
  writeJournal(bytes: Uint8Array): Promise<void> {
    return this.appendJournal(bytes);
  }
  async syncJournal(): Promise<void> {
    if (this.isFull || this.#fails()) throw new Error("no space");
  }
  async replaceJournal(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes;
  }
  async setJournalAside(): Promise<void> {
    this.bytes = null;
  }
}

export class FakeRunner implements Runner {
  readonly log: string[] = [];
  /** Scripts that wait for their grant, or did. */
  readonly prepared: number[] = [];
  scriptEnd: Partial<ScriptEnd> = {};
  /** Scripts run until this is called or they are stopped. */
  finish: (() => void) | null = null;
  holds = false;
  /** What the scripts wrote. */
  output: OutputCounts | null = null;

  async runScript(...[job, start, signal]: Parameters<Runner["runScript"]>): Promise<ScriptEnd> {
    const notRun = { outcome: "failed" as const, errors: ["Not started."], exitCode: -1, ran: false, leftovers: [] };
    this.prepared.push(job.index);
    try {
      await start.granted();
    } catch {
      return notRun;
    }
    this.log.push(`run ${job.orderSeq}-${job.index}`);
    await start.spawned({ pid: 7, startTime: "1", bootId: "b" });
    const end = { outcome: "completed" as const, errors: [], exitCode: 0, ran: true, leftovers: [], ...this.scriptEnd };
    if (!this.holds) return end;
    await new Promise<void>((resolve) => {
      this.finish = resolve;
      signal.addEventListener("abort", () => resolve());
    });
    this.log.push(signal.aborted ? "stopped" : "finished");
    return signal.aborted ? { ...end, outcome: "failed", errors: ["Cancelled before it ended."] } : end;
  }
  async transfer(...[job]: Parameters<Runner["transfer"]>): ReturnType<Runner["transfer"]> {
    this.log.push(`transfer ${job.orderSeq}-${job.index}`);
    return { outcome: "completed", errors: [], result: null };
  }
  async inlineTranscript(): ReturnType<Runner["inlineTranscript"]> {
    return { kind: "inline", transcript: "{}", ...(this.output && { output: this.output }) };
  }
  async uploadTranscript(): ReturnType<Runner["uploadTranscript"]> {
    return null;
  }
  async endOrphans(...[command]: Parameters<Runner["endOrphans"]>): Promise<string[]> {
    this.log.push(`orphans ${command.orderSeq}-${command.index}`);
    return [];
  }
  async endAllOrphans(): Promise<string[]> {
    return [];
  }
  async removeOrderFiles(orderSeq: number): Promise<void> {
    this.log.push(`forget ${orderSeq}`);
  }
  async removeOrderFilesExcept(): Promise<void> {}
}

/** One side of a link that the test holds the other side of. */
export class FakeNet implements Net {
  readonly sent: AgentFrame[] = [];
  /** To the challenges. */
  readonly answers: Uint8Array[] = [];
  #inbox: Received[] = [];
  #wake = Promise.withResolvers<void>();
  connections = 0;
  /** Answers each script's start. */
  grants = true;
  /** Of the newest connection. */
  seal: ServerSeal | null = null;
  /** Signs the welcome. */
  orderKey: KeyObject;

  constructor(orderKey: KeyObject) {
    this.orderKey = orderKey;
  }

  async connect(): Promise<Connection> {
    this.connections++;
    this.#inbox = [];
    const challenge = new Uint8Array(32);
    this.push({ kind: "binary", bytes: challenge });
    return {
      receive: async (signal) => {
        for (;;) {
          signal.throwIfAborted();
          const next = this.#inbox.shift();
          if (next) return next;
          await Promise.race([
            this.#wake.promise,
            new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
          ]);
        }
      },
      sendText: (text) => {
        const frame = this.seal?.open(text);
        if (!frame) throw new Error(`not a frame: ${text}`);
        this.sent.push(frame);
        if (frame.type === "started" && this.grants) this.send({ ...frame, type: "startGranted" });
      },
      sendBinary: (bytes) => {
        this.answers.push(bytes);
        const welcome = { linkEpoch: 1, serverTimeMs: 1_000_000, ticket: "t", pingIntervalMs: 60_000 };
        this.seal = new ServerSeal(challenge, bytes, this.orderKey, welcome);
        this.push({ kind: "text", text: this.seal.welcome });
      },
      close: () => undefined,
    };
  }
  push(received: Received): void {
    this.#inbox.push(received);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
  send(frame: ServerFrame): void {
    if (this.seal) this.push({ kind: "text", text: this.seal.seal(frame) });
  }
  /** As the server closes a connection. */
  closeWith(code: number, words: string): void {
    this.push({ kind: "closed", code, reason: this.seal?.close(code, words) ?? words });
  }
  of<T extends AgentFrame["type"]>(type: T): Extract<AgentFrame, { type: T }>[] {
    return this.sent.filter((frame): frame is Extract<AgentFrame, { type: T }> => frame.type === type);
  }
}

export const FACTS: MachineFacts = {
  computerDnsName: "box",
  osPlatform: "Linux",
  version: null,
  osVersion: null,
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: null,
  agentVersion: "0.1.0",
  ipAddresses: [],
};

export class World implements AsyncDisposable {
  readonly disk = new MemoryDisk();
  runner = new FakeRunner();
  net: FakeNet;
  readonly serverKey: KeyObject;
  /** Signs the welcomes of the next agent. */
  signer: KeyObject;
  readonly keyText: string;
  readonly keyId: string;
  /** The order keys that the device keeps. */
  pinned: readonly OrderKey[];
  setNumber = 1;
  /** Of the next agent. */
  settings: AgentSettings = DEFAULT_SETTINGS;
  recoveryKey: OrderKey | null = null;
  ownersLog: OwnersLog | null = null;
  /** Keeps them; a test puts a disk that refuses in its place. */
  pin = async ({ keys, setNumber, recoveryKey }: PinnedKeys): Promise<void> => {
    this.pinned = keys;
    this.setNumber = setNumber;
    this.recoveryKey = recoveryKey;
  };
  readonly #deviceKey = generateKeyPairSync("ed25519").privateKey;
  #stop = new AbortController();
  running: Promise<void> = Promise.resolve();

  constructor() {
    const pair = generateKeyPairSync("ed25519");
    this.serverKey = pair.privateKey;
    this.signer = this.serverKey;
    this.net = new FakeNet(this.signer);
    this.keyText = pair.publicKey.export({ format: "jwk" }).x ?? "";
    this.keyId = sha256(Buffer.from(this.keyText, "base64url"));
    this.pinned = [{ keyId: this.keyId, publicKey: this.keyText }];
  }

  /** Starts an agent on this disk, as after a crash of the one before. */
  start(clock: MonotonicClock = systemClock): void {
    this.runner = new FakeRunner();
    this.net = new FakeNet(this.signer);
    this.#stop = new AbortController();
    let ids = 0;
    const deps: CoreDeps = {
      clock,
      disk: this.disk,
      net: this.net,
      runner: this.runner,
      log: silentLog,
      random: { fraction: () => 0, id: () => String(++ids).padStart(32, "0") },
      serverConnection: new ServerConnection(clock),
      settings: this.settings,
      identity: { machineId: MACHINE_ID, privateKey: this.#deviceKey },
      pinnedKeys: { keys: this.pinned, setNumber: this.setNumber, recoveryKey: this.recoveryKey },
      pinKeys: (pinned) => this.pin(pinned),
      facts: () => FACTS,
      ...(this.ownersLog && { ownersLog: this.ownersLog }),
    };
    this.running = runAgentCore(deps, this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.running;
  }

  order(orderSeq: number, commands: OrderCommand[], changes: Partial<Order> = {}): Order {
    return {
      v: 1,
      machineId: MACHINE_ID,
      actionId: `11111111-2222-4333-8444-${String(orderSeq).padStart(12, "0")}`,
      orderSeq,
      journalId: "1".padStart(32, "0"),
      acceptByMs: 2_000_000,
      limits: DEFAULT_LIMITS,
      commands,
      ...changes,
    };
  }

  frameOf(order: Order): Extract<ServerFrame, { type: "order" }> {
    const payload = JSON.stringify(order);
    const signature = sign(null, orderSigningBytes(payload), this.serverKey).toString("base64url");
    return { type: "order", payload, keyId: this.keyId, signature };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined);
  }
}

export function script(index: number): OrderCommand {
  return { index, type: "RunScript", scriptName: "a.sh", args: null, file: { sha256: "0".repeat(64), sizeBytes: 1 } };
}

export function fetchFile(index: number): OrderCommand {
  return { index, type: "GetFile", path: "/etc/hostname" };
}

/** Answers the hello of the agent: each order that it holds gets `verdict`. */
export async function linked(world: World, verdict: Verdict | null = "continue"): Promise<void> {
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  const orders = world.net.of("hello")[0]?.orders ?? [];
  const answers = verdict ? orders.map(({ actionId, orderSeq }) => ({ actionId, orderSeq, verdict })) : [];
  world.net.send({ type: "helloAnswer", orders: answers });
}
