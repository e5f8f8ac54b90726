/** The agent as a process of its own, under Node or Bun. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

const MAIN = path.join(import.meta.dirname, "..", "..", "src", "main.ts");
const BUN = path.join(
  import.meta.dirname,
  `../../../../node_modules/@oven/bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`,
);

export const RUNTIMES = [
  { name: "Node", file: process.execPath, isThere: true },
  { name: "Bun", file: BUN, isThere: existsSync(BUN) },
];

export interface TemporaryFolder extends AsyncDisposable {
  path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "halligan-agent-test-"));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

export interface AgentStart {
  env?: NodeJS.ProcessEnv;
  /** `env` is the whole environment, not what is added to the tests' own. */
  isEnvWhole?: boolean;
  /** Another account than the tests' own; needs root. */
  uid?: number | null;
  /** A program that starts the agent, with its arguments. */
  before?: string[];
}

export class AgentProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number>;
  output = "";

  constructor(runtime: string, args: string[], start: AgentStart = {}) {
    const { env, isEnvWhole, uid, before } = start;
    const [file = runtime, ...first] = [...(before ?? []), runtime];
    this.child = spawn(file, [...first, MAIN, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: isEnvWhole ? env : { ...process.env, ...env },
      ...(uid && { uid, gid: uid }),
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk) => {
        this.output += chunk;
      });
    }
    this.exited = new Promise((resolve) => this.child.once("close", (code) => resolve(code ?? -1)));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.exited;
  }
}
