/** Runs a script as the agent's core would have it run, and looks at what is left of it. */
import { readFileSync } from "node:fs";
import type { Order, OrderCommand } from "@halligan/protocol/link";
import { inlineTranscript } from "../../src/commands/output/transcript.ts";
import { runScript } from "../../src/commands/scripts/run-script.ts";
import { spoolPaths } from "../../src/disk/order-files.ts";
import type { commandWorld } from "./command-world.ts";

export type World = Awaited<ReturnType<typeof commandWorld>>;

export async function run(
  world: World,
  text: string | Buffer | null,
  more: {
    args?: string;
    name?: string;
    limits?: Partial<Order["limits"]>;
    signal?: AbortSignal;
    granted?: () => Promise<void>;
    keepProcesses?: boolean;
    runAs?: string;
    earlier?: readonly OrderCommand[];
  } = {},
) {
  const scriptName = more.name ?? "a.sh";
  const file = text === null ? null : world.server.addFile(text);
  const keep = more.keepProcesses === undefined ? {} : { keepProcesses: more.keepProcesses };
  const user = more.runAs === undefined ? {} : { runAs: more.runAs };
  const command = { index: 0, type: "RunScript", scriptName, args: more.args ?? null, file, ...keep, ...user } as const;
  const job = { ...world.job(command, more.limits), earlier: more.earlier ?? [] };
  const start = { granted: more.granted ?? (async () => undefined), spawned: async () => undefined };
  const end = await runScript(world.deps, job, start, more.signal ?? new AbortController().signal);
  const inline = end.ran ? inlineTranscript(scriptName, end.exitCode, spoolPaths(world.folder, 1, 0)) : null;
  const transcript: { script_output: string; script_errors: string } | null = inline && JSON.parse(inline.transcript);
  return { ...end, transcript };
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

export function livingPids(file: string): number[] {
  return readFileSync(file, "utf8").trim().split("\n").map(Number).filter(isAlive);
}
