import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ENTRY, freePort } from "@halligan/dev/testing";
import { CredentialsFile } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import type { BenchContext } from "../bench.ts";
import { Api } from "../load/api.ts";
import { Child } from "./child.ts";

export interface ServerOptions {
  /**
   * Settings by environment name, over those of every bench. For a cluster: its database, bus and
   * blob store.
   */
  readonly settings?: Readonly<Record<string, string>>;
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly ca: string };
  /** Folder inside the bench's. Two servers of one bench have two. */
  readonly folderName?: string;
  /** As `ChildOptions.under`. */
  readonly under?: readonly string[];
}

/** Enough for every caller of a bench at once. */
const CONNECTIONS = 256;

/**
 * The product's server, started by its own entry point as a process of its own on loopback, with
 * everything at its default but the throttles (profile `open`): log level, fsync and limits are
 * those that people get. Its log goes to a file.
 */
export class BenchServer implements AsyncDisposable {
  readonly dataDir: string;
  readonly baseUrl: string;
  readonly ca: string | null;
  readonly #context: BenchContext;
  readonly #env: Readonly<Record<string, string>>;
  readonly #under: readonly string[];
  #starts = 0;
  #process: Child;

  private constructor(context: BenchContext, env: Readonly<Record<string, string>>, options: ServerOptions) {
    this.#context = context;
    this.#env = env;
    this.dataDir = env.HALLIGAN_DATA_DIR ?? "";
    this.baseUrl = `${options.tls ? "https" : "http"}://${env.HALLIGAN_LISTEN}`;
    this.ca = options.tls?.ca ?? null;
    this.#under = options.under ?? [];
    this.#process = this.#spawn();
  }

  static async start(context: BenchContext, options: ServerOptions = {}): Promise<BenchServer> {
    const env = {
      HALLIGAN_LIMITS_PROFILE: "open",
      ...options.settings,
      HALLIGAN_DATA_DIR: join(context.folder, options.folderName ?? "server"),
      HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}`,
      ...(options.tls && {
        HALLIGAN_TLS_CERT_FILE: options.tls.certFile,
        HALLIGAN_TLS_KEY_FILE: options.tls.keyFile,
      }),
    };
    const server = new BenchServer(context, env, options);
    await server.#ready();
    return server;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async credentials(): Promise<CredentialsFile> {
    const text = await readFile(join(this.dataDir, "administrator.json"), "utf8");
    return Value.Parse(CredentialsFile, JSON.parse(text));
  }

  /** At this node, whatever the address of them all is. */
  async tokenUrl(): Promise<string> {
    return `${this.baseUrl}${new URL((await this.credentials()).tokenUrl).pathname}`;
  }

  /** The API as the first administrator. */
  async signIn(connections = CONNECTIONS): Promise<Api> {
    return await Api.signIn(this.baseUrl, await this.credentials(), { connections, ca: this.ca });
  }

  /** Messages to the shared database since the start that waited for a response. */
  async databaseRoundTrips(): Promise<number> {
    const metrics = await (await fetch(`${this.baseUrl}/metrics`)).text();
    const count = /^halligan_database_round_trips_total (\d+)$/m.exec(metrics)?.[1];
    if (count === undefined) throw new Error("the server does not count its round trips to the database");
    return Number(count);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** Again on the same folder and address. Resolves when it listens. */
  async startAgain(): Promise<void> {
    this.#process = this.#spawn();
    await this.#ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #spawn(): Child {
    const { profileDir, folder } = this.#context;
    this.#starts += 1;
    return new Child({
      name: "the server",
      command: process.execPath,
      args: [...(profileDir === null ? [] : ["--cpu-prof", "--cpu-prof-dir", profileDir]), ENTRY.server],
      env: this.#env,
      under: this.#under,
      logFile: join(folder, `server-${this.#env.HALLIGAN_LISTEN?.split(":")[1]}-${this.#starts}.log`),
    });
  }

  async #ready(): Promise<void> {
    await this.#process.said('"msg":"listening"', this.#context.signal);
  }
}
