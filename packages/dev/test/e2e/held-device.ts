import type { CommandJob, Connection, Runner, RunScriptCommand } from "@halligan/agent/simulation";
import { ENROLL_PATH, EnrollResponse } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { SimulatedDevice } from "../../src/devices/simulated-device.ts";
import { wsNet } from "../../src/devices/ws-net.ts";

const SILENT = { info() {}, warn() {}, error() {} };
/** Backoffs of next to nothing. */
const IMPATIENT = { fraction: () => 0.02, id: () => crypto.randomUUID().replaceAll("-", "") };

/**
 * A device at one node, which can be moved to another; its scripts run until they are let go or
 * cancelled.
 */
export class HeldDevice implements AsyncDisposable {
  /** Scripts that ran here, by action. */
  readonly ran: string[] = [];
  readonly #device: SimulatedDevice;
  #home: string;
  #connection: Connection | null = null;
  #letGo = Promise.withResolvers<void>();
  #linked = Promise.withResolvers<void>();

  private constructor(device: SimulatedDevice, home: string) {
    this.#device = device;
    this.#home = home;
  }

  /** Returns when it is linked. `home`: the address of its node. */
  static async start(home: string, name: string, enrollmentToken: string): Promise<HeldDevice> {
    const device = await SimulatedDevice.enroll(
      async (request) => {
        const response = await fetch(`${home}${ENROLL_PATH}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request),
        });
        return Value.Parse(EnrollResponse, await response.json());
      },
      name,
      enrollmentToken,
    );
    const held = new HeldDevice(device, home);
    await held.#connect();
    return held;
  }

  get machineId(): string {
    return this.#device.machineId;
  }

  /** Its link breaks, and the next one is to another node; returns when that is up. */
  async moveTo(home: string): Promise<void> {
    this.#home = home;
    this.#linked = Promise.withResolvers();
    this.#connection?.close();
    await this.#linked.promise;
  }

  /** What runs, and all that comes, ends at once. */
  letGo(): void {
    this.#letGo.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    await this.#device[Symbol.asyncDispose]();
  }

  async #connect(): Promise<void> {
    this.#device.onUp = () => this.#linked.resolve();
    const net = {
      connect: async (signal: AbortSignal) => {
        const connection = await wsNet(this.#home, null).connect(signal);
        this.#connection = connection;
        return connection;
      },
    };
    this.#device.connect({ net, log: SILENT, random: IMPATIENT, runner: () => this.#runner() });
    await this.#linked.promise;
  }

  #runner(): Runner {
    return {
      runScript: async (job, start, signal) => {
        await start.granted();
        this.ran.push(job.actionId);
        await start.spawned({ pid: 1, startTime: "1", bootId: "held" });
        const aborted = new Promise<"aborted">((resolve) =>
          signal.addEventListener("abort", () => resolve("aborted"), { once: true }),
        );
        const first = signal.aborted ? "aborted" : await Promise.race([this.#letGo.promise, aborted]);
        if (first === "aborted")
          return { outcome: "failed", errors: ["ended"], exitCode: -1, ran: true, leftovers: [] };
        return { outcome: "completed", errors: [], exitCode: 0, ran: true, leftovers: [] };
      },
      transfer: async () => ({ outcome: "failed", errors: ["It has no files."], result: null }),
      inlineTranscript: async (job, exitCode) => ({ kind: "inline", transcript: transcriptOf(job, exitCode) }),
      uploadTranscript: async () => null,
      endOrphans: async () => [],
      endAllOrphans: async () => [],
      removeOrderFiles: async () => undefined,
      removeOrderFilesExcept: async () => undefined,
    };
  }
}

const transcriptOf = ({ command }: CommandJob<RunScriptCommand>, exitCode: number): string =>
  JSON.stringify({ script_name: command.scriptName, exit_code: exitCode, script_output: "held\n", script_errors: "" });
