import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { Program } from "../../program.ts";

const Listening = Type.Object({ word: Type.Literal("listening"), port: Type.Integer() });

/** A process that answers 404 to everything. */
export class NotFoundServer implements AsyncDisposable {
  readonly baseUrl: string;
  readonly #program: Program;

  private constructor(program: Program, baseUrl: string) {
    this.#program = program;
    this.baseUrl = baseUrl;
  }

  static async start(): Promise<NotFoundServer> {
    const program = new Program("baseline server", {
      command: process.execPath,
      args: [fileURLToPath(new URL("./not-found-main.ts", import.meta.url))],
      env: {},
    });
    try {
      const { port } = Value.Parse(Listening, JSON.parse(await program.line((line) => line.startsWith("{"))));
      return new NotFoundServer(program, `http://127.0.0.1:${port}`);
    } catch (cause) {
      await program.stop();
      throw cause;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
  }
}
