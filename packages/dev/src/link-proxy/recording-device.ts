import type { Log, Runner } from "@halligan/agent/simulation";
import { ENROLL_PATH, EnrollResponse, LINK_VERSION } from "@halligan/protocol/link";
import { type MonotonicClock, sleep, systemClock } from "@halligan/protocol/time";
import { Value } from "typebox/value";
import { SimulatedDevice } from "../devices/simulated-device.ts";
import { wsNet } from "../devices/ws-net.ts";

/** Backoffs of next to nothing. */
const IMPATIENT = { fraction: () => 0.02, id: () => crypto.randomUUID().replaceAll("-", "") };

/** A monotonic clock that a test can move forward. */
export class MovableClock implements MonotonicClock {
  #aheadMs = 0;

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  after(delayMs: number, run: () => void): () => void {
    return systemClock.after(delayMs, run);
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}

/**
 * The agent's core over a real connection through `proxyUrl`. Its scripts run nothing and are
 * recorded.
 */
export class RecordingDevice implements AsyncDisposable {
  /** Action ids of the scripts that were started. */
  readonly ran: string[] = [];
  /** Called just before a script would run. */
  onRun: (actionId: string) => void = () => undefined;
  readonly events: string[] = [];
  readonly clock = new MovableClock();
  readonly #device: SimulatedDevice;

  private constructor(device: SimulatedDevice) {
    this.#device = device;
  }

  static async start(
    { baseUrl, proxyUrl }: { baseUrl: string; proxyUrl: string },
    name: string,
    enrollmentToken: string,
    linkVersion: number = LINK_VERSION,
  ): Promise<RecordingDevice> {
    const device = await SimulatedDevice.enroll(
      async (request) => {
        const response = await fetch(`${baseUrl}${ENROLL_PATH}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request),
        });
        return Value.Parse(EnrollResponse, await response.json());
      },
      name,
      enrollmentToken,
    );
    const recording = new RecordingDevice(device);
    const up = new Promise<void>((resolve) => {
      device.onUp = resolve;
    });
    device.connect({
      net: wsNet(proxyUrl, null),
      log: recording.#log(),
      random: IMPATIENT,
      clock: recording.clock,
      linkVersion,
      runner: () => recording.#runner(),
    });
    await up;
    return recording;
  }

  get machineId(): string {
    return this.#device.machineId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device[Symbol.asyncDispose]();
  }

  #log(): Log {
    const note: Log["info"] = (event) => void this.events.push(event);
    return { info: note, warn: note, error: note };
  }

  #runner(): Runner {
    return {
      runScript: async (job, start) => {
        try {
          await start.granted();
        } catch {
          return { outcome: "failed", errors: ["Not started."], exitCode: -1, ran: false, leftovers: [] };
        }
        this.ran.push(job.actionId);
        this.onRun(job.actionId);
        await start.spawned({ pid: 1, startTime: "1", bootId: "recorded" });
        return { outcome: "completed", errors: [], exitCode: 0, ran: true, leftovers: [] };
      },
      transfer: async () => ({ outcome: "failed", errors: ["It has no files."], result: null }),
      inlineTranscript: async ({ actionId, command }, exitCode) => ({
        kind: "inline",
        transcript: JSON.stringify({
          script_name: command.scriptName,
          exit_code: exitCode,
          script_output: outputOf(actionId),
          script_errors: "",
        }),
      }),
      uploadTranscript: async () => null,
      endOrphans: async () => [],
      endAllOrphans: async () => [],
      removeOrderFiles: async () => undefined,
      removeOrderFilesExcept: async () => undefined,
    };
  }
}

/** What the script of an action writes. */
export const outputOf = (actionId: string): string => `true output of ${actionId}\n`;

/** Waits for a condition. Rejects with `what` when it does not become true in time. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`it did not happen: ${what}`);
    await sleep(systemClock, 10, undefined);
  }
}
