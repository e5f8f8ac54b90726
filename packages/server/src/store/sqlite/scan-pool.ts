import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "@halligan/protocol/errors";
import type { Bound } from "../statement.ts";
import { StoreUnavailableError } from "../store-unavailable-error.ts";

/** A query for a scan process, and its response. */
export interface Scan {
  readonly id: number;
  readonly sql: string;
  readonly values: readonly Bound[];
}
export interface ScanResponse {
  readonly id: number;
  /**
   * The rows as JSON (columns are texts and whole numbers). A page of 1,000 actions is read in half
   * the time of a structured clone. A refusal is the message of the error.
   */
  readonly rows: Result<string, string>;
}

interface Waiting extends Scan {
  readonly settle: (answer: ScanResponse | Error) => void;
}

interface Reader {
  readonly process: ChildProcess;
  running: { readonly waiting: Waiting; readonly timer: NodeJS.Timeout } | null;
}

export interface ScanLimits {
  /** Longest run of one query. Its process is killed after that. */
  readonly timeLimitMs: number;
  /** A slow query uses one process; the others serve fast queries meanwhile. */
  readonly processes: number;
  /** Most queries that wait for a process. Further callers get an error at once. */
  readonly maxWaiting: number;
}

/** One more than the lists of one account that run at once (`http/api/list-turns.ts`). */
export const SCAN_PROCESSES = 3;
const LIMITS: ScanLimits = { timeLimitMs: 10_000, processes: SCAN_PROCESSES, maxWaiting: 1_000 };

/** Next to this file: `scan-process.ts`, or in a release `scan-process.js` next to the bundle. */
const SCAN_PROCESS = fileURLToPath(new URL(`scan-process${extname(import.meta.url)}`, import.meta.url));

/**
 * Runs queries that may look at every row (lists, counts, the audit log) in separate processes, so
 * that the event loop never waits for one. A filter without an index takes 440 ms at a million
 * actions, and the server would accept and send nothing else in that time. Worker threads are not
 * an alternative, because a thread inside SQLite's own loop cannot be ended. The processes start
 * with the first query.
 */
export class ScanPool {
  readonly #file: string;
  readonly #limits: ScanLimits;
  readonly #readers: Reader[] = [];
  readonly #waiting: Waiting[] = [];
  #lastId = 0;
  #isClosed = false;

  constructor(file: string, limits: Partial<ScanLimits> = {}) {
    this.#file = file;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** The rows of a query that reads. Sees every commit that was acknowledged before. */
  async all(sql: string, values: readonly Bound[]): Promise<readonly unknown[]> {
    if (this.#isClosed) throw new Error("the store is closed");
    if (this.#waiting.length >= this.#limits.maxWaiting)
      throw new StoreUnavailableError("too many list queries wait for a scan process");
    const { promise, resolve } = Promise.withResolvers<ScanResponse | Error>();
    this.#lastId += 1;
    this.#waiting.push({ id: this.#lastId, sql, values, settle: resolve });
    this.#assign();
    const response = await promise;
    if (response instanceof Error) throw response;
    const { rows } = response;
    if (!rows.ok) throw new Error(`a list failed: ${rows.error}`);
    return JSON.parse(rows.value);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = new Error("the store is closed");
    for (const { settle } of this.#waiting.splice(0)) settle(closed);
    await Promise.all(this.#readers.splice(0).map((reader) => this.#end(reader, closed)));
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const reader = this.#readers.find(({ running }) => running === null) ?? this.#newReader();
      const waiting = reader === null ? undefined : this.#waiting.shift();
      if (reader === null || waiting === undefined) return;
      const timer = setTimeout(() => this.#tooSlow(reader), this.#limits.timeLimitMs);
      reader.running = { waiting, timer };
      const { id, sql, values } = waiting;
      reader.process.channel?.ref();
      reader.process.send({ id, sql, values } satisfies Scan);
    }
  }

  #newReader(): Reader | null {
    if (this.#readers.length >= this.#limits.processes) return null;
    const process = fork(SCAN_PROCESS, [this.#file], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // A debugger's port and a test runner's settings belong to the parent process only.
      execArgv: [],
    });
    const reader: Reader = { process, running: null };
    idle(process);
    process.on("message", (answer: ScanResponse) => this.#onResponse(reader, answer));
    process.on("error", (cause) => this.#lost(reader, new Error("a process for lists could not run", { cause })));
    process.on("exit", () => this.#lost(reader, new Error("a process for lists ended")));
    this.#readers.push(reader);
    return reader;
  }

  #onResponse(reader: Reader, answer: ScanResponse): void {
    const { running } = reader;
    if (running?.waiting.id !== answer.id) return;
    clearTimeout(running.timer);
    reader.running = null;
    idle(reader.process);
    running.waiting.settle(answer);
    this.#assign();
  }

  #tooSlow(reader: Reader): void {
    const { timeLimitMs } = this.#limits;
    this.#lost(
      reader,
      new StoreUnavailableError(`the list was given up after ${timeLimitMs / 1000} s; a narrower filter helps`),
    );
  }

  #lost(reader: Reader, why: Error): void {
    const at = this.#readers.indexOf(reader);
    if (at < 0) return;
    this.#readers.splice(at, 1);
    void this.#end(reader, why);
    if (!this.#isClosed) this.#assign();
  }

  async #end({ process, running }: Reader, why: Error): Promise<void> {
    if (running) clearTimeout(running.timer);
    running?.waiting.settle(why);
    if (process.exitCode !== null || process.signalCode !== null) return;
    const gone = new Promise((resolve) => process.once("exit", resolve));
    process.ref();
    process.kill("SIGKILL");
    await gone;
  }
}

/** Only a running query keeps the server's process alive. */
function idle(process: ChildProcess): void {
  process.unref();
  process.channel?.unref();
}
