import { fileURLToPath } from "node:url";
import { type Runtime, runtimeExecutable } from "@halligan/dev/testing";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { RequestProcess } from "../processes/request-process.ts";

const Answer = Type.Object({ wallMs: Type.Number(), timesMs: Type.Array(Type.Number()) });

/** Spawns scripts directly, in a process of its own under the agent's runtime. */
export class SpawnBaseline implements AsyncDisposable {
  readonly #process: RequestProcess;
  readonly #script: string;

  constructor(runtime: Runtime, script: string) {
    const command = runtimeExecutable(runtime);
    if (command === null) throw new Error(`there is no ${runtime} for this platform in this install`);
    this.#script = script;
    this.#process = new RequestProcess("the baseline of spawns", command, [
      fileURLToPath(new URL("./spawn-baseline.ts", import.meta.url)),
    ]);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async spawn(count: number, parallel: number): Promise<{ wallMs: number; timesMs: number[] }> {
    return Value.Parse(Answer, await this.#process.ask({ count, parallel, script: this.#script }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
