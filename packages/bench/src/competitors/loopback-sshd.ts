import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "@halligan/dev/testing";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { BenchContext } from "../bench.ts";
import { Child } from "../processes/child.ts";

export interface SshPrograms {
  readonly ssh: string;
  readonly scp: string;
  readonly sshd: string;
  readonly sshKeygen: string;
}

/** A temporary sshd on loopback, under the account that runs the bench, with temporary keys. */
export class LoopbackSshd implements AsyncDisposable {
  readonly #programs: SshPrograms;
  readonly #daemon: Child;
  readonly #port: number;
  readonly #options: readonly string[];

  private constructor(programs: SshPrograms, daemon: Child, port: number, folder: string) {
    this.#programs = programs;
    this.#daemon = daemon;
    this.#port = port;
    this.#options = [
      ...["-F", "none", "-i", join(folder, "client-key")],
      ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", `UserKnownHostsFile=${join(folder, "known")}`],
      ...["-o", "LogLevel=ERROR"],
    ];
  }

  static async start(context: BenchContext, programs: SshPrograms): Promise<LoopbackSshd> {
    const { folder } = context;
    for (const name of ["host-key", "client-key"]) {
      await run(programs.sshKeygen, ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
    }
    const port = await freePort();
    const config = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${join(folder, "host-key")}`,
      `PidFile ${join(folder, "sshd.pid")}`,
      `AuthorizedKeysFile ${join(folder, "client-key.pub")}`,
      "PasswordAuthentication no",
      "StrictModes no",
      "UsePAM no",
      // All callers of a bench may connect at once.
      "MaxStartups 200",
      "MaxSessions 200",
      "Subsystem sftp internal-sftp",
      "",
    ].join("\n");
    const configFile = join(folder, "sshd.conf");
    await writeFile(configFile, config, { mode: 0o600 });
    const daemon = new Child({
      name: "sshd",
      command: programs.sshd,
      args: ["-D", "-e", "-f", configFile],
      logFile: join(folder, "sshd.log"),
    });
    try {
      await listens(port, context.signal);
    } catch {
      await daemon.stop();
      // Its log says why: run by root, for instance, it wants a folder /run/sshd, which only a
      // started system has.
      throw await daemon.failure("does not listen");
    }
    return new LoopbackSshd(programs, daemon, port, folder);
  }

  /** A connection of its own for each command, as people and scripts do. */
  run(command: string): Promise<string> {
    const { username } = userInfo();
    return run(this.#programs.ssh, [...this.#options, "-p", `${this.#port}`, `${username}@127.0.0.1`, command]);
  }

  async put(from: string, to: string): Promise<void> {
    const { username } = userInfo();
    await run(this.#programs.scp, [...this.#options, "-P", `${this.#port}`, from, `${username}@127.0.0.1:${to}`]);
  }

  async get(from: string, to: string): Promise<void> {
    const { username } = userInfo();
    await run(this.#programs.scp, [...this.#options, "-P", `${this.#port}`, `${username}@127.0.0.1:${from}`, to]);
  }

  /** One ad hoc command of Ansible, which connects by this daemon. */
  async ansible(program: string, command: string): Promise<string> {
    const { username } = userInfo();
    return await run(program, [
      ...["all", "-i", "127.0.0.1,", "-m", "raw", "-a", command, "-u", username],
      ...["--ssh-common-args", this.#options.join(" "), "-e", `ansible_port=${this.#port}`],
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop();
  }
}

const LISTEN_TRIES = 100;
const LISTEN_PAUSE_MS = 50;

async function listens(port: number, signal: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const socket = connect({ host: "127.0.0.1", port });
    try {
      await once(socket, "connect");
      return;
    } catch (cause) {
      if (tries >= LISTEN_TRIES) throw cause;
    } finally {
      socket.destroy();
    }
    await sleep(systemClock, LISTEN_PAUSE_MS, signal);
  }
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString("utf8");
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors.trim()}`);
  return output;
}
