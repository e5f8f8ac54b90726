import { sleep, systemClock } from "@halligan/protocol/time";
import { freePort } from "../free-port.ts";
import { Program } from "../program.ts";
import { ENTRY } from "../runtimes.ts";

const ATTEMPTS = 5;
const TRY_AGAIN_MS = 200;

/**
 * One halligan-server of a cluster: a real process that is killed and started again on the same
 * address and folder.
 */
export class ClusterNode implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly dataDir: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #onLine: (line: string) => void;
  #program: Program | null = null;
  #killed = new WeakSet<Program>();

  private constructor(name: string, settings: Readonly<Record<string, string>>, onLine: (line: string) => void) {
    this.name = name;
    this.url = `http://${settings.HALLIGAN_LISTEN}`;
    this.dataDir = settings.HALLIGAN_DATA_DIR ?? "";
    this.#settings = settings;
    this.#onLine = onLine;
  }

  /** Returns when it listens. */
  static async start(
    name: string,
    settings: Readonly<Record<string, string>>,
    onLine: (line: string) => void,
  ): Promise<ClusterNode> {
    for (let attempt = 1; ; attempt += 1) {
      const listen = `127.0.0.1:${await freePort()}`;
      const node = new ClusterNode(name, { ...settings, HALLIGAN_LISTEN: listen }, onLine);
      try {
        await node.#start();
        return node;
      } catch (cause) {
        // Another program can take a free port between the search and the listen call.
        if (attempt >= ATTEMPTS || !String(cause).includes("in use")) throw cause;
      }
    }
  }

  get isUp(): boolean {
    return this.#program !== null;
  }

  /**
   * Null while the node is down. If a node ends that the run did not kill, a waiter gets its last
   * output.
   */
  get endedByItself(): Promise<string> | null {
    const program = this.#program;
    if (!program) return null;
    return program.exited.then((code) =>
      this.#killed.has(program) ? "" : `${this.name} ended by itself with ${code}:\n${program.output.slice(-2_000)}`,
    );
  }

  /** SIGKILL: no peer is notified. */
  async kill(): Promise<void> {
    const program = this.#program;
    if (!program) return;
    this.#program = null;
    this.#killed.add(program);
    program.kill("SIGKILL");
    await program.exited;
  }

  /**
   * Restarts the node like a service manager: it retries until the node listens, because the
   * backends may be unavailable.
   */
  async restart(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.#start();
      } catch (cause) {
        this.#onLine(
          `{"level":50,"msg":${JSON.stringify(`not started: ${cause instanceof Error ? cause.message : cause}`)}}`,
        );
        await sleep(systemClock, TRY_AGAIN_MS, signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const program = this.#program;
    this.#program = null;
    if (!program) return;
    this.#killed.add(program);
    await program.stop();
  }

  async #start(): Promise<void> {
    const program = new Program(this.name, {
      command: process.execPath,
      args: [ENTRY.server],
      env: this.#settings,
      onLine: this.#onLine,
    });
    try {
      await program.line((line) => line.includes('"msg":"listening"'));
      this.#program = program;
    } catch (cause) {
      await program.stop();
      throw cause;
    }
  }
}
