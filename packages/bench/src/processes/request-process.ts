import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { withoutHalligan } from "./child.ts";
import { killWithParent } from "./kill-with-parent.ts";

interface Waiting {
  resolve(line: string): void;
  reject(cause: Error): void;
}

/**
 * A child process that answers each line of JSON on its standard input with one line on standard
 * output. The baselines and the simulated devices run in such processes. Requests can be secret, so
 * they use that pipe and not arguments. The output on standard error is shown.
 */
export class RequestProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting: Waiting[] = [];
  #isOver = false;

  constructor(name: string, command: string, args: readonly string[]) {
    this.#name = name;
    this.#process = spawn(command, args, { env: withoutHalligan(process.env), stdio: ["pipe", "pipe", "inherit"] });
    const { stdin, stdout } = this.#process;
    stdin?.on("error", () => undefined);
    if (stdout) createInterface({ input: stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
    this.#exited = once(this.#process, "close").then(
      ([code]: unknown[]) => this.#ended(`ended with ${code}`),
      (cause: unknown) => this.#ended(`could not be started: ${cause instanceof Error ? cause.message : cause}`),
    );
    killWithParent(this.#process);
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.#name} could not be started`);
    return this.#process.pid;
  }

  /** The parsed line that answers this request; the caller checks it. */
  async ask(request: object): Promise<unknown> {
    if (this.#isOver) throw new Error(`${this.#name} has ended`);
    const answer = new Promise<string>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await answer);
  }

  /** It ends by itself when there is nothing more to be asked. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin?.end();
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    try {
      await this.#exited;
    } finally {
      clearTimeout(killer);
    }
  }

  #ended(how: string): void {
    this.#isOver = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${this.#name} ${how}`));
  }
}

const STOP_TIMEOUT_MS = 10_000;
