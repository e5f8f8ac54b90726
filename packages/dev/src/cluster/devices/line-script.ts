import { createHash } from "node:crypto";
import type { CommandRequest } from "@halligan/protocol/api";
import type { Expected, Plan } from "../../torture/plan.ts";
import type { SeededRandom } from "../../torture/seeded-random.ts";

/** In the library by this name. A simulated device reads only its arguments. */
export const LINE_SCRIPT = "cluster-line.sh";

export interface ScriptArgs {
  /** Whose request it is; in the line that it writes. */
  readonly token: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly outputBytes: number;
}

const KINDS = ["quick", "quick", "slow", "slow", "large", "sequence"] as const;

/** One action as a caller means it, and what it must have led to. */
export function makeLinePlan(random: SeededRandom, token: string): Plan {
  const kind = random.pick(KINDS);
  const ms = () => random.between(0, 400);
  const steps = {
    quick: () => [script({ token, beforeMs: 0, afterMs: 0, outputBytes: 0 })],
    slow: () => [script({ token, beforeMs: ms(), afterMs: ms(), outputBytes: 200 })],
    large: () => [script({ token, beforeMs: 0, afterMs: ms(), outputBytes: 60_000 })],
    sequence: () => [
      script({ token, beforeMs: 0, afterMs: ms(), outputBytes: 0 }),
      script({ token, beforeMs: ms(), afterMs: 0, outputBytes: 0 }),
      file(`/cluster/${token}`),
    ],
  }[kind]();
  return planOf(kind, token, steps, random.chance(0.15) ? random.between(0, 600) : null);
}

/** What shows that a device and its way there work: nothing that takes time. */
export const probeLinePlan = (token: string): Plan =>
  planOf("probe", token, [script({ token, beforeMs: 0, afterMs: 0, outputBytes: 0 })], null);

export function readScriptArgs(args: string | null): ScriptArgs {
  const [token = "", before = "", after = "", output = ""] = (args ?? "").split(" ");
  return { token, beforeMs: Number(before), afterMs: Number(after), outputBytes: Number(output) };
}

export const scriptOutput = ({ token, outputBytes }: ScriptArgs): string =>
  `begun ${token}\n${"x".repeat(outputBytes)}`;

/** A simulated device has every file, and each has its own name as its content, many times. */
export const fileContent = (path: string): Buffer => Buffer.from(`${path}\n`.repeat(500));

interface Step {
  readonly command: CommandRequest;
  readonly expected: Expected;
}

function planOf(kind: string, token: string, steps: readonly Step[], cancelAfterMs: number | null): Plan {
  const commands = steps.map(({ command }) => command);
  return { kind, token, commands, expected: steps.map(({ expected }) => expected), cancelAfterMs };
}

function script(args: ScriptArgs): Step {
  const { token, beforeMs, afterMs, outputBytes } = args;
  return {
    command: {
      type: "RunScript",
      params: [
        { key: "ScriptName", value: LINE_SCRIPT },
        { key: "Args", value: `${token} ${beforeMs} ${afterMs} ${outputBytes}` },
      ],
    },
    expected: { type: "RunScript", output: scriptOutput(args), exitCode: 0 },
  };
}

function file(path: string): Step {
  const content = fileContent(path);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return {
    command: { type: "GetFile", params: [{ key: "Path", value: path }] },
    expected: { type: "GetFile", sha256, sizeBytes: content.length },
  };
}
