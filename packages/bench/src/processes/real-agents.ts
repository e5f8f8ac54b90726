import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ENTRY, type Runtime, runtimeExecutable } from "@halligan/dev/testing";
import type { BenchContext } from "../bench.ts";
import type { Api } from "../load/api.ts";
import { Child } from "./child.ts";
import type { BenchServer } from "./server.ts";

export interface RealAgent extends AsyncDisposable {
  readonly machineId: string;
  readonly pid: number;
  /** Working folder of its scripts: where PutFile puts files. */
  readonly workDir: string;
}

/**
 * What is shipped: a Bun executable. Where this install has no Bun, Node, and the bench says so.
 */
export function shippedRuntime(context: BenchContext): Runtime {
  if (runtimeExecutable("bun") !== null) return "bun";
  context.note(
    "there is no Bun for this platform in this install: the agents run under Node, which starts processes slower",
  );
  return "node";
}

/**
 * The real agent, enrolled and linked: its own process, its own folder, real journal, real scripts.
 */
export async function startRealAgent(
  context: BenchContext,
  server: BenchServer,
  api: Api,
  name: string,
  runtime: Runtime,
  under: readonly string[] = [],
): Promise<RealAgent> {
  const command = runtimeExecutable(runtime);
  if (command === null) throw new Error(`there is no ${runtime} for this platform in this install`);
  const agentsDir = join(context.folder, "agents");
  await mkdir(agentsDir, { recursive: true, mode: 0o700 });
  const dataDir = join(agentsDir, name);
  await using enrolling = new Child({
    name: `enrolling ${name}`,
    command,
    args: [ENTRY.agent, "enroll", "--server", server.baseUrl, "--name", name, "--token-stdin", "--data", dataDir],
    input: await api.createEnrollmentToken(1),
    logFile: join(agentsDir, `${name}-enroll.log`),
  });
  if ((await enrolling.exited) !== 0) throw await enrolling.failure("failed");
  const machineId = /machine ([0-9a-f]{40})/.exec(await enrolling.output())?.[1];
  if (machineId === undefined) throw await enrolling.failure("did not say its machine id");
  const agent = new Child({
    name: `agent ${name}`,
    command,
    args: [ENTRY.agent, "run", "--data", dataDir],
    under,
    logFile: join(agentsDir, `${name}.log`),
  });
  try {
    await agent.said('"event":"linked"', context.signal);
  } catch (cause) {
    await agent.stop();
    throw cause;
  }
  return {
    machineId,
    pid: agent.pid,
    workDir: join(dataDir, "work"),
    [Symbol.asyncDispose]: () => agent.stop(),
  };
}

/** So many agents, a few at a time; all of them end with the stack. */
export async function startRealAgents(
  context: BenchContext,
  server: BenchServer,
  api: Api,
  count: number,
  runtime: Runtime,
  owner: AsyncDisposableStack,
): Promise<RealAgent[]> {
  const agents: RealAgent[] = [];
  const startSome = async (first: number) => {
    for (let i = first; i < count; i += AT_ONCE) {
      agents.push(owner.use(await startRealAgent(context, server, api, `device-${i + 1}`, runtime)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => startSome(first)));
  return agents;
}

const AT_ONCE = 4;
