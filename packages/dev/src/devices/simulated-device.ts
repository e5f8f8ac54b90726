import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  DEFAULT_SETTINGS,
  type Log,
  type Net,
  type Random,
  type Runner,
  runAgentCore,
  type ServerConnection,
} from "@halligan/agent/simulation";
import {
  type EnrollRequest,
  type EnrollResponse,
  enrollSigningBytes,
  LINK_VERSION,
  type MachineFacts,
} from "@halligan/protocol/link";
import { type MonotonicClock, systemClock } from "@halligan/protocol/time";
import { MemoryJournal, random, WatchedServerConnection } from "./device-ports.ts";

export interface Connecting {
  readonly net: Net;
  readonly log: Log;
  /** Default: the system's random numbers. */
  readonly random?: Random;
  /** Default: this system's. */
  readonly clock?: MonotonicClock;
  /** Default: the agent's. */
  readonly linkVersion?: number;
  /** What its commands do. `serverConnection` has the tickets for transfers. */
  readonly runner: (serverConnection: ServerConnection) => Runner;
}

/**
 * A simulated device: the real agent's core (handshake, journal, checks of every order's signature,
 * reports) over a real WebSocket. It has no disk and no processes. It makes one connection after
 * another and keeps one journal for all of them.
 */
export class SimulatedDevice implements AsyncDisposable {
  readonly machineId: string;
  /** Called when the connection is up. */
  onUp: () => void = () => undefined;
  readonly #enrolled: EnrollResponse;
  readonly #privateKey: KeyObject;
  readonly #name: string;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(name: string, privateKey: KeyObject, enrolled: EnrollResponse) {
    this.#name = name;
    this.#privateKey = privateKey;
    this.#enrolled = enrolled;
    this.machineId = enrolled.machineId;
  }

  static async enroll(
    ask: (request: EnrollRequest) => Promise<EnrollResponse>,
    name: string,
    token: string,
  ): Promise<SimulatedDevice> {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { x = "" } = publicKey.export({ format: "jwk" });
    const proof = sign(null, enrollSigningBytes(token, x), privateKey).toString("base64url");
    return new SimulatedDevice(name, privateKey, await ask({ token, publicKey: x, proof, facts: factsOf(name) }));
  }

  connect({
    net,
    log,
    random: chance = random,
    clock = systemClock,
    linkVersion = LINK_VERSION,
    runner,
  }: Connecting): void {
    const serverConnection = new WatchedServerConnection(clock, () => this.onUp());
    this.#running = runAgentCore(
      {
        clock,
        linkVersion,
        settings: DEFAULT_SETTINGS,
        random: chance,
        log,
        serverConnection,
        disk: new MemoryJournal(),
        net,
        runner: runner(serverConnection),
        identity: { machineId: this.machineId, privateKey: this.#privateKey },
        pinnedKeys: { keys: this.#enrolled.orderKeys, setNumber: 0, recoveryKey: null },
        // It stores nothing for a later process, because its journal is also in memory.
        pinKeys: async () => undefined,
        facts: () => factsOf(this.#name),
      },
      this.#stop.signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

const factsOf = (computerDnsName: string): MachineFacts => ({
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
