import { createHash } from "node:crypto";
import type { CommandRequest } from "@halligan/protocol/api";
import { LINE_SCRIPT, TOOLS, type Tool, TREE_SCRIPT } from "./scripts.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** What one command must have led to, if it Completed. */
export type Expected =
  | { type: "PutFile" }
  | { type: "RunScript"; output: string; exitCode: number }
  | { type: "GetFile"; sha256: string; sizeBytes: number };

/**
 * One action as a caller means it. The token is its comment, and in every line that its scripts
 * write.
 */
export interface Plan {
  readonly kind: string;
  readonly token: string;
  readonly commands: CommandRequest[];
  readonly expected: readonly Expected[];
  /** After how long the caller cancels it; null: not at all. */
  readonly cancelAfterMs: number | null;
}

interface Step {
  command: CommandRequest;
  expected: Expected;
}

interface ScriptRequest {
  beforeSeconds?: number;
  afterSeconds?: number;
  outputBytes?: number;
  exitCode?: number;
  writes?: { file: string; tool: Tool; sizeBytes: number };
}

const KINDS = ["quick", "slow", "slow", "large", "sequence", "sequence", "many", "tree"] as const;

export function makePlan(random: SeededRandom, token: string, linesFile: string): Plan {
  const kind = random.pick(KINDS);
  const steps = STEPS[kind](random, token, linesFile);
  return {
    kind,
    token,
    commands: steps.map(({ command }) => command),
    expected: steps.map(({ expected }) => expected),
    cancelAfterMs: random.chance(0.2) ? random.between(0, 1_500) : null,
  };
}

/** What shows that a machine works: no waits, nothing that could go wrong by itself. */
export function probePlan(token: string, linesFile: string): Plan {
  const { command, expected } = script(token, linesFile, {});
  return { kind: "probe", token, commands: [command], expected: [expected], cancelAfterMs: null };
}

const STEPS: Record<(typeof KINDS)[number], (random: SeededRandom, token: string, linesFile: string) => Step[]> = {
  quick: (random, token, linesFile) => [script(token, linesFile, { exitCode: random.between(0, 3) })],
  slow: (random, token, linesFile) => [
    script(token, linesFile, { beforeSeconds: seconds(random), afterSeconds: seconds(random), outputBytes: 1_000 }),
  ],
  large: (random, token, linesFile) => [
    script(token, linesFile, { outputBytes: random.pick([70_000, 300_000, 2_000_000, 9_500_000]) }),
  ],
  many: (random, token, linesFile) =>
    Array.from({ length: random.pick([5, 20, 100]) }, () => script(token, linesFile, {})),
  tree: (random, token, linesFile) => [script(token, linesFile, { afterSeconds: seconds(random) }, TREE_SCRIPT)],
  sequence(random, token, linesFile) {
    const tool = random.chance(0.2) ? TOOLS.large : TOOLS.small;
    const sizeBytes = random.pick([0, 5_000, 2_000_000]);
    const file = `out-${token}`;
    const content = Buffer.concat([tool.content, Buffer.from(`${token}\n`.repeat(sizeBytes)).subarray(0, sizeBytes)]);
    return [
      { command: { type: "PutFile", params: [{ key: "FileName", value: tool.name }] }, expected: { type: "PutFile" } },
      script(token, linesFile, { writes: { file, tool, sizeBytes }, beforeSeconds: seconds(random) }),
      script(token, linesFile, { afterSeconds: seconds(random) }),
      {
        command: { type: "GetFile", params: [{ key: "Path", value: file }] },
        expected: {
          type: "GetFile",
          sha256: createHash("sha256").update(content).digest("hex"),
          sizeBytes: content.length,
        },
      },
    ];
  },
};

const seconds = (random: SeededRandom) => random.pick([0, 0, 0.1, 0.4, 1.2]);

function script(token: string, linesFile: string, request: ScriptRequest, scriptName = LINE_SCRIPT): Step {
  const { beforeSeconds = 0, afterSeconds = 0, outputBytes = 0, exitCode = 0, writes } = request;
  const words = [
    linesFile,
    token,
    beforeSeconds,
    afterSeconds,
    outputBytes,
    exitCode,
    writes?.file ?? "",
    writes?.sizeBytes ?? 0,
    writes?.tool.name ?? "",
  ];
  return {
    command: {
      type: "RunScript",
      params: [
        { key: "ScriptName", value: scriptName },
        { key: "Args", value: words.map((word) => `'${word}'`).join(" ") },
      ],
    },
    expected: { type: "RunScript", output: `begun ${token}\n${"x".repeat(outputBytes)}`, exitCode },
  };
}
