import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { sleep, systemClock } from "@halligan/protocol/time";
import { killWithParent } from "./kill-with-parent.ts";

const STOP_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
/**
 * What is looked through for a line that a program says when it is ready, and what is shown when it
 * fails.
 */
const READ_BYTES = 256 * 1024;
const TAIL_LINES = 15;

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A tracer and its arguments, which becomes the command above under the same process id. */
  readonly under?: readonly string[];
  /**
   * Both outputs go there. Reading them through pipes would be work of the measuring process: a
   * server under load writes ten thousand lines a second.
   */
  readonly logFile: string;
  /** Written to standard input, which is then closed. */
  readonly input?: string;
}

/** A child process of the benchmark. Disposing it asks it to stop and, past a limit, kills it. */
export class Child implements AsyncDisposable {
  readonly #options: ChildOptions;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number>;
  #exitCode: number | null = null;

  constructor(options: ChildOptions) {
    this.#options = options;
    const log = openSync(options.logFile, "w", 0o600);
    try {
      const [command = options.command, ...args] = [...(options.under ?? []), options.command, ...options.args];
      this.#process = spawn(command, args, {
        env: { ...withoutHalligan(process.env), ...options.env },
        stdio: [options.input === undefined ? "ignore" : "pipe", log, log, "ignore"],
      });
    } finally {
      closeSync(log);
    }
    this.#process.stdin?.on("error", () => undefined);
    this.#process.stdin?.end(options.input);
    this.#exited = once(this.#process, "close").then(
      ([code]: unknown[]) => this.#ended(typeof code === "number" ? code : -1),
      () => this.#ended(-1),
    );
    killWithParent(this.#process);
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.#options.name} could not be started`);
    return this.#process.pid;
  }

  /** The exit code; -1 when a signal ended it. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** Waits until the program has written `text`. */
  async said(text: string, signal: AbortSignal): Promise<void> {
    const begunMs = performance.now();
    for (;;) {
      if ((await this.#read()).includes(text)) return;
      signal.throwIfAborted();
      if (this.#exitCode !== null) throw await this.failure(`ended with ${this.#exitCode}`);
      if (performance.now() - begunMs > READY_TIMEOUT_MS) throw await this.failure(`did not say ${text} in time`);
      await sleep(systemClock, POLL_MS, signal);
    }
  }

  /** Its whole output, once it has ended. */
  async output(): Promise<string> {
    await this.#exited;
    return await this.#read();
  }

  async stop(): Promise<void> {
    if (this.#exitCode !== null) return;
    this.#process.kill("SIGTERM");
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    try {
      await this.#exited;
    } finally {
      clearTimeout(killer);
    }
  }

  async failure(what: string): Promise<Error> {
    const tail = (await this.#read()).trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
    return new Error(`${this.#options.name} ${what}. Its first output ends with:\n${tail}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ended(code: number): number {
    this.#exitCode = code;
    return code;
  }

  async #read(): Promise<string> {
    await using file = await open(this.#options.logFile, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  }
}

/** The environment of the parent process must not change the settings of the measured process. */
export function withoutHalligan(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith("HALLIGAN_") && name !== "NODE_TEST_CONTEXT") kept[name] = value;
  }
  return kept;
}
