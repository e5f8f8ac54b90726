import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { RequestProcess } from "../processes/request-process.ts";

const Answer = Type.Object({ wallMs: Type.Number() });

/**
 * The use cases of an action alone, in a process of their own, on the data folder of a server that
 * has stopped.
 */
export class StoreOnly implements AsyncDisposable {
  readonly #process: RequestProcess;
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    const main = fileURLToPath(new URL("./store-only.ts", import.meta.url));
    this.#process = new RequestProcess("the store alone", process.execPath, [main]);
  }

  /** Whole actions a second. */
  async run(actions: number): Promise<number> {
    const { wallMs } = Value.Parse(Answer, await this.#process.ask({ actions, dataDir: this.#dataDir }));
    return (actions * 1_000) / wallMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
