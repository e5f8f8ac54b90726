import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { freePort } from "../../../dev/src/free-port.ts";

const START_TIMEOUT_MS = 60_000;

/** The user that runs the server, because its programs refuse root. */
interface Account {
  uid?: number;
  gid?: number;
}

/**
 * A PostgreSQL for one test: a data folder, a port of 127.0.0.1, fsync on. It can be killed as by a
 * power cut, and restarted on the same port.
 */
export class PostgresServer implements AsyncDisposable {
  readonly url: string;
  readonly #binFolder: string;
  readonly #folder: string;
  readonly #account: Account;
  readonly #port: number;
  #process: ChildProcess | null = null;
  readonly #killWithUs = () => this.#process?.kill("SIGKILL");

  private constructor(binFolder: string, folder: string, account: Account, port: number) {
    this.#binFolder = binFolder;
    this.#folder = folder;
    this.#account = account;
    this.#port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    process.once("exit", this.#killWithUs);
  }

  /** Null when the programs are not installed. */
  static async start(settings: readonly string[] = []): Promise<PostgresServer | null> {
    const binFolder = await findPrograms();
    const account = await findAccount();
    if (!binFolder || !account) return null;
    const folder = await mkdtemp(join(tmpdir(), "halligan-postgres-"));
    if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
    const server = new PostgresServer(binFolder, folder, account, await freePort());
    try {
      await server.#run("initdb", [
        "-D",
        server.#data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
      ]);
      await server.restart(settings);
    } catch (cause) {
      await server[Symbol.asyncDispose]();
      throw cause;
    }
    return server;
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  /** Ends as in a power cut: nothing is written or sent any more. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Resolves when the server answers. `settings`: `name=value` each. */
  async restart(settings: readonly string[] = []): Promise<void> {
    const giveUpAtMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      // The remains of a killed server disappear a moment later. Until then a new one refuses to
      // start.
      if (this.#process === null || this.#process.exitCode !== null) this.#process = this.#launch(settings);
      if (await this.#answers()) return;
      if (performance.now() > giveUpAtMs) throw new Error("PostgreSQL did not start");
      await pause(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#killWithUs);
    // Fast shutdown: connections are ended.
    await this.#end("SIGINT");
    await rm(this.#folder, { recursive: true, force: true });
  }

  #launch(settings: readonly string[]): ChildProcess {
    const own = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=on", "log_min_messages=fatal"];
    const options = [...own, ...settings].flatMap((setting) => ["-c", setting]);
    return spawn(join(this.#binFolder, "postgres"), ["-D", this.#data, "-p", String(this.#port), ...options], {
      ...this.#account,
      cwd: this.#folder,
      stdio: "ignore",
    });
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end();
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const child = spawn(join(this.#binFolder, program), args, {
      ...this.#account,
      cwd: this.#folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  }
}

/** The folder with `initdb` and `postgres`: on the path, or where Debian installs them. */
async function findPrograms(): Promise<string | null> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for await (const folder of glob("/usr/lib/postgresql/*/bin")) folders.push(folder);
  for (const folder of folders) {
    if ((await exists(join(folder, "initdb"))) && (await exists(join(folder, "postgres")))) return folder;
  }
  return null;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function findAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return {};
  const accounts = new Map(
    (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => {
      const [name = "", , uid, gid] = line.split(":");
      return [name, { uid: Number(uid), gid: Number(gid) }];
    }),
  );
  return accounts.get("postgres") ?? accounts.get("nobody") ?? null;
}
