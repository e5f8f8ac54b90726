import { generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { once } from "node:events";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { Agent, IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { WebSocket } from "ws";
import { RequestProcess } from "../processes/request-process.ts";

const Started = Type.Object({ port: Type.Integer() });

/** Ten pages of SQLite in one commit: `syscalls` counts 21 in the two commits of an action. */
const COMMIT_BYTES = 36_000;
const JOURNAL_ENTRY = Buffer.alloc(1_024, "j");
const FRAME = "f".repeat(500);
const BODY = "b".repeat(300);

/**
 * How often one action does each step, one after the other: order and started, granted and ended
 * are the two round trips with the device. The spawn is the baseline of the bench.
 */
export const STEPS = { commit: 2, journalSync: 1, signature: 2, request: 1, linkRoundTrip: 2 } as const;
export type Step = keyof typeof STEPS;

/**
 * The steps of an action, each alone and in the barest way, in turns with the actions. Their sum is
 * what no implementation with the same promises can be below; the rest of an action is our own
 * code, and the changes between processes.
 */
export class StepCosts implements AsyncDisposable {
  /** Milliseconds of each measurement. */
  readonly times: Record<Step, number[]> = {
    commit: [],
    journalSync: [],
    signature: [],
    request: [],
    linkRoundTrip: [],
  };
  readonly #database: Database.Database;
  readonly #journal: number;
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync("ed25519");
  readonly #echo: RequestProcess;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socket: WebSocket;

  private constructor(folder: string, echo: RequestProcess, port: number, socket: WebSocket) {
    this.#database = new Database(join(folder, `steps-${port}.db`));
    this.#database.pragma("journal_mode = WAL");
    this.#database.pragma("synchronous = FULL");
    this.#database.exec("create table step (id integer primary key, value blob)");
    this.#journal = openSync(join(folder, `steps-${port}.journal`), "w");
    this.#echo = echo;
    this.#port = port;
    this.#socket = socket;
  }

  static async open(folder: string): Promise<StepCosts> {
    const main = fileURLToPath(new URL("./echo-server.ts", import.meta.url));
    const echo = new RequestProcess("the echo server", process.execPath, [main]);
    const { port } = Value.Parse(Started, await echo.ask({}));
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, "open");
    return new StepCosts(folder, echo, port, socket);
  }

  /** Each step once. */
  async measure(): Promise<void> {
    const insert = this.#database.prepare("insert into step (value) values (?)");
    const page = randomBytes(COMMIT_BYTES);
    await this.#timed("commit", () => insert.run(page));
    await this.#timed("journalSync", () => {
      writeSync(this.#journal, JOURNAL_ENTRY);
      fdatasyncSync(this.#journal);
    });
    await this.#timed("signature", () => {
      const signature = sign(null, JOURNAL_ENTRY, this.#keys.privateKey);
      if (!verify(null, JOURNAL_ENTRY, this.#keys.publicKey, signature)) throw new Error("a false signature");
    });
    await this.#timed("request", () => this.#request());
    await this.#timed("linkRoundTrip", async () => {
      this.#socket.send(FRAME);
      await once(this.#socket, "message");
    });
  }

  async #request(): Promise<void> {
    const sent = request({ host: "127.0.0.1", port: this.#port, method: "POST", agent: this.#agent });
    sent.end(BODY);
    const [response]: unknown[] = await once(sent, "response");
    if (!(response instanceof IncomingMessage)) throw new Error("there is no response");
    await once(response.resume(), "end");
  }

  async #timed(step: Step, work: () => unknown): Promise<void> {
    const begunMs = performance.now();
    await work();
    this.times[step].push(performance.now() - begunMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    this.#agent.destroy();
    closeSync(this.#journal);
    this.#database.close();
    await this.#echo[Symbol.asyncDispose]();
  }
}
