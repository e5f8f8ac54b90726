import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How much of a program's output is kept to explain a failure. */
const KEPT_LINES = 500;
const STOP_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 60_000;
/** A process that the program started may hold its output open after the program's end. */
const LATE_OUTPUT_MS = 5_000;

/**
 * Killed when this process ends without disposing of them. One listener for all: a world has up to
 * 200 programs.
 */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface ProgramOptions {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. */
  input?: string;
  /** Called with every line of either output. */
  onLine?: (line: string) => void;
}

/**
 * A real child process whose output is watched line by line. Disposing it asks it to stop and, past
 * a limit, kills it.
 */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<(line: string) => void>();
  readonly #exited: Promise<number>;
  #exitCode: number | null = null;

  constructor(name: string, options: ProgramOptions) {
    this.#name = name;
    if (options.onLine) this.#listeners.add(options.onLine);
    this.#child = spawn(options.command, options.args, {
      env: { ...withoutHalligan(process.env), ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdout, stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.#heard(line));
    }
    // A program that ends before it reads its input says so by its exit code.
    stdin?.on("error", () => undefined);
    stdin?.end(options.input ?? "");
    this.#child.once("exit", () => {
      const timer = setTimeout(() => {
        stdout?.destroy();
        stderr?.destroy();
      }, LATE_OUTPUT_MS);
      this.#child.once("close", () => clearTimeout(timer));
    });
    this.#exited = once(this.#child, "close").then(([code]: unknown[]) => {
      this.#exitCode = typeof code === "number" ? code : -1;
      return this.#exitCode;
    });
    running.add(this.#child);
    void this.#exited.finally(() => running.delete(this.#child));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#name} could not be started`);
    return this.#child.pid;
  }

  /** The last lines of output, for a message that explains a failure. */
  get output(): string {
    return this.#lines.join("\n");
  }

  /** The exit code; -1 when a signal ended it. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /**
   * The first line, past or to come, that `matches`; rejects when the program ends or the time is
   * over.
   */
  async line(matches: (line: string) => boolean, timeoutMs = START_TIMEOUT_MS): Promise<string> {
    const past = this.#lines.find(matches);
    if (past !== undefined) return past;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const listen = (line: string) => {
      if (matches(line)) resolve(line);
    };
    this.#listeners.add(listen);
    const timer = setTimeout(() => reject(this.#failure("did not say what was waited for in time")), timeoutMs);
    void this.#exited.then((code) => reject(this.#failure(`ended with ${code}`)));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(listen);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and SIGKILL when that does not help; the exit code. */
  async stop(): Promise<number> {
    if (this.#exitCode !== null) return this.#exitCode;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    try {
      return await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #heard(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
  }

  #failure(what: string): Error {
    return new Error(`${this.#name} ${what}. Its last output:\n${this.#lines.slice(-20).join("\n")}`);
  }
}

/** The environment of the parent process must not change the settings of the world. */
function withoutHalligan(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith("HALLIGAN_") && name !== "NODE_TEST_CONTEXT") kept[name] = value;
  }
  return kept;
}
