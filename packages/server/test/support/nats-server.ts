import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { freePort } from "../../../dev/src/free-port.ts";
import { until } from "../../../protocol/test/support/until.ts";

/** An unprivileged account, because a server in a test needs no root rights. */
const UNPRIVILEGED_ID = 65_534;

/** The program, from PATH or where Debian installs it; null when this machine does not have it. */
export function natsServerProgram(): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];
  return folders.map((folder) => join(folder, "nats-server")).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A NATS server for one test, on an ephemeral port that it keeps when it is killed and restarted.
 */
export class NatsServer implements AsyncDisposable {
  readonly port: number;
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | null = null;
  readonly #killWithUs = () => this.#child?.kill("SIGKILL");

  private constructor(program: string, port: number, args: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#args = args;
    process.once("exit", this.#killWithUs);
  }

  /**
   * `args`: additional arguments of the program, such as `--user a --pass b`. Throws when there is
   * no program.
   */
  static async start(args: readonly string[] = []): Promise<NatsServer> {
    const program = natsServerProgram();
    if (program === null) throw new Error("there is no nats-server on this machine");
    const server = new NatsServer(program, await freePort(), args);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Restarts it on the same port after it was killed. */
  async startAgain(): Promise<void> {
    if (this.#child !== null) throw new Error("the NATS server runs already");
    const child = spawn(this.#program, ["--addr", "127.0.0.1", "--port", String(this.port), ...this.#args], {
      stdio: "ignore",
      ...(process.getuid?.() === 0 && { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID }),
    });
    this.#child = child;
    await once(child, "spawn");
    await until(() => {
      if (child.exitCode !== null) throw new Error(`nats-server ended with code ${child.exitCode}`);
      return answers(this.port);
    }, "the start of nats-server");
  }

  /** Ends as in a crash, without notifying any client. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#killWithUs);
    return this.kill();
  }
}

/** Whether a NATS server is listening. It sends the first message of a connection. */
export async function answers(port: number, host = "127.0.0.1"): Promise<boolean> {
  const socket = connect({ port, host, timeout: 1_000 });
  try {
    const [greeting] = await Promise.race([
      once(socket, "data"),
      once(socket, "timeout").then(() => [""]),
      once(socket, "end").then(() => [""]),
    ]);
    return String(greeting).startsWith("INFO ");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
