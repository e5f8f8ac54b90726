/** A running agent with a fake server: one script after the other, each in an order of its own. */
import { chmodSync, chownSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Order, OrderCommand } from "@halligan/protocol/link";
import { until } from "../../../protocol/test/support/until.ts";
import { CgroupHome } from "../../src/process/cgroups/cgroup-home.ts";
import { AgentProcess, type AgentStart, type TemporaryFolder, temporaryFolder } from "./agent-process.ts";
import { enrollHere } from "./enroll-here.ts";
import { FakeServer } from "./fake-server.ts";

type RunScript = Extract<OrderCommand, { type: "RunScript" }>;

export interface Transcript {
  script_output: string;
  script_errors: string;
  exit_code: number;
}

/** With the agent's own program, because the folder belongs to the account that makes it. */
async function enrollAs(runtime: string, start: AgentStart, serverUrl: string, root: string): Promise<void> {
  const env = { ...start.env, HALLIGAN_ENROLLMENT_TOKEN: "t" };
  const args = ["enroll", "--server", serverUrl, "--data", root];
  await using enrolling = new AgentProcess(runtime, args, { ...start, env });
  if ((await enrolling.exited) !== 0) throw new Error(enrolling.output);
}

export class EnrolledAgent implements AsyncDisposable {
  readonly server = new FakeServer();
  readonly folder: TemporaryFolder;
  readonly root: string;
  readonly #runtime: string;
  readonly #start: AgentStart;
  process: AgentProcess | null = null;

  private constructor(runtime: string, start: AgentStart, folder: TemporaryFolder) {
    this.#runtime = runtime;
    this.#start = start;
    this.folder = folder;
    this.root = path.join(folder.path, "data");
  }

  static async start(runtime: string, start: AgentStart = {}): Promise<EnrolledAgent> {
    const folder = await temporaryFolder();
    const agent = new EnrolledAgent(runtime, start, folder);
    if (start.uid) chownSync(folder.path, start.uid, start.uid);
    chmodSync(folder.path, 0o711);
    const serverUrl = await agent.server.listen();
    if (start.uid) await enrollAs(runtime, start, serverUrl, agent.root);
    else await enrollHere(serverUrl, agent.root);
    await agent.restart();
    return agent;
  }

  /** Starts the agent's process, after one before it was killed. */
  async restart(start: AgentStart = {}): Promise<void> {
    if (this.process) {
      this.process.kill("SIGKILL");
      await this.process.exited;
    }
    const from = this.server.frames.length;
    const started = new AgentProcess(this.#runtime, ["run", "--data", this.root], { ...this.#start, ...start });
    this.process = started;
    const failed = started.exited.then(() => {
      throw new Error(`the agent ended: ${started.output}`);
    });
    failed.catch(() => undefined);
    await Promise.race([this.server.frame("hello", () => true, from), failed]);
  }

  async run(
    text: string | Buffer,
    limits: Partial<Order["limits"]> = {},
    more: Partial<Pick<RunScript, "scriptName" | "args" | "keepProcesses" | "runAs">> = {},
  ) {
    const file = this.server.addFile(text);
    const order = this.server.order(
      [{ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file, ...more }],
      limits,
    );
    this.server.sendOrder(order);
    const end = await this.server.frame("ended", (frame) => frame.orderSeq === order.orderSeq);
    const { result } = end;
    const json =
      result?.kind === "inline"
        ? result.transcript
        : result?.kind === "uploaded"
          ? String(this.server.completed.get(result.uploadId))
          : null;
    const transcript: Transcript | null = json === null ? null : JSON.parse(json);
    return { order, outcome: end.outcome, errors: end.errors, transcript };
  }

  /** Those of a script that was cut off, and of what a test let it keep and has killed by now. */
  async #removeCgroups(): Promise<void> {
    const file = path.join(this.root, "cgroup-home");
    if (!existsSync(file)) return;
    for (const group of new CgroupHome(readFileSync(file, "utf8"), this.server.machineId).all()) {
      group.kill();
      await until(() => group.remove(), "the removal of the cgroup");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process?.[Symbol.asyncDispose]();
    await this.#removeCgroups();
    await this.server[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}
