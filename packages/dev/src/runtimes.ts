import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Programs of this repository, as files that Node or Bun runs. */
export const ENTRY = {
  server: entry("server/bin/halligan-server.mjs"),
  agent: entry("agent/bin/halligan-agent.mjs"),
  cli: entry("cli/bin/halligan.mjs"),
} as const;

function entry(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

export type Runtime = "node" | "bun";

/** The executable of a runtime, or null where the install has no Bun for this platform. */
export function runtimeExecutable(runtime: Runtime): string | null {
  if (runtime === "node") return process.execPath;
  const platform = { linux: "linux", darwin: "darwin", win32: "windows" }[process.platform as string];
  const arch = { x64: "x64", arm64: "aarch64" }[process.arch as string];
  try {
    const manifest = createRequire(import.meta.url).resolve(`@oven/bun-${platform}-${arch}/package.json`);
    return join(dirname(manifest), "bin", process.platform === "win32" ? "bun.exe" : "bun");
  } catch {
    return null;
  }
}

/** What is shipped is a Bun executable, which also starts scripts cheaper than Node does. */
export function preferredAgentRuntime(): Runtime {
  return runtimeExecutable("bun") === null ? "node" : "bun";
}

/** @throws a sentence for people. @param given value of `--agent`; undefined for the default */
export function chosenAgentRuntime(given: string | undefined): Runtime {
  if (given === undefined) return preferredAgentRuntime();
  if (given !== "bun" && given !== "node") throw new Error(`--agent takes bun or node, not "${given}"`);
  if (runtimeExecutable(given) === null) {
    throw new Error("--agent bun: this install has no Bun for this system. Leave the option out, or use --agent node");
  }
  return given;
}
