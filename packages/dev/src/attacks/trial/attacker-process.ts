import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { Program } from "../../program.ts";
import type { AttackCounters, AttackTarget } from "../attack.ts";

const Ended = Type.Object({
  word: Type.Literal("ended"),
  counters: Type.Record(Type.String(), Type.Number()),
});
const END_TIMEOUT_MS = 20_000;

/**
 * The attacker in a process of its own, so that its work does not delay the loop of honest callers.
 */
export class AttackerProcess implements AsyncDisposable {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(attackName: string, target: AttackTarget): Promise<AttackerProcess> {
    const main = fileURLToPath(new URL("../attacker-main.ts", import.meta.url));
    const program = new Program(`attacker ${attackName}`, {
      command: process.execPath,
      args: [main, attackName],
      env: {},
      input: JSON.stringify(target),
    });
    try {
      await program.line((line) => line.startsWith('{"word":"started"'));
      return new AttackerProcess(program);
    } catch (cause) {
      await program.stop();
      throw cause;
    }
  }

  /**
   * Stops the attack and returns what it did. Throws when the attacker ended before: then nothing
   * was measured.
   */
  async stop(): Promise<AttackCounters> {
    this.#program.kill("SIGTERM");
    const line = await this.#program.line((text) => text.startsWith('{"word":"ended"'), END_TIMEOUT_MS);
    await this.#program.exited;
    return Value.Parse(Ended, JSON.parse(line)).counters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
  }
}
