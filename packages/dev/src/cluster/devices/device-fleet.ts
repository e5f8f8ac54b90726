import { fileURLToPath } from "node:url";
import { Value } from "typebox/value";
import { Program } from "../../program.ts";
import { FleetEnrolled, type FleetSettings } from "./device-fleet-messages.ts";

/** Simulated devices in a process of their own, from where they are started. */
export class DeviceFleet implements AsyncDisposable {
  readonly machineIds: readonly string[];
  readonly #program: Program;

  private constructor(program: Program, machineIds: readonly string[]) {
    this.#program = program;
    this.machineIds = machineIds;
  }

  /** Returns when all are enrolled and linked. */
  static async start(order: FleetSettings, onLine: (line: string) => void): Promise<DeviceFleet> {
    const main = fileURLToPath(new URL("./device-fleet-main.ts", import.meta.url));
    const program = new Program("the devices", {
      command: process.execPath,
      args: [main],
      env: {},
      input: JSON.stringify(order),
      onLine,
    });
    try {
      const line = await program.line((text) => text.startsWith('{"word":"enrolled"'));
      const { machineIds } = Value.Parse(FleetEnrolled, JSON.parse(line));
      await program.line((text) => text.startsWith('{"word":"linked"'));
      return new DeviceFleet(program, machineIds);
    } catch (cause) {
      await program.stop();
      throw cause;
    }
  }

  /** That it ended by itself is a failure of the run. */
  get exited(): Promise<number> {
    return this.#program.exited;
  }

  get output(): string {
    return this.#program.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
  }
}
