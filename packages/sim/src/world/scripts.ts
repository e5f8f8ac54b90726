/** Library files, named by what they do on a device. Other names are not in the library. */
export const SCRIPTS = {
  "quick.sh": { lastsMs: [200, 8_000], output: "small" },
  "slow.sh": { lastsMs: [20_000, 100_000], output: "small" },
  "chatty.sh": { lastsMs: [1_000, 15_000], output: "large" },
  "endless.sh": { lastsMs: [3_600_000, 3_600_000], output: "small" },
} as const satisfies Record<string, { lastsMs: readonly [number, number]; output: "small" | "large" }>;

export type ScriptBehaviour = { lastsMs: readonly [number, number]; output: "small" | "large" };

export function behaviourOf(scriptName: string): ScriptBehaviour {
  const known: Readonly<Record<string, ScriptBehaviour>> = SCRIPTS;
  return known[scriptName] ?? SCRIPTS["quick.sh"];
}

/** A path that does not exist on any device. */
export const MISSING_PATH = "/no/such/file";
