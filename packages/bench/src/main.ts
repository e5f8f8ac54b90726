import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { BENCHES } from "./benches.ts";
import { jsonLineOf, tableOf } from "./report.ts";
import { runBenches } from "./run-benches.ts";

const USAGE = `usage: npm run bench -- [options] [bench ...]

${BENCHES.map(({ name, about, onlyByName }) => `  ${name.padEnd(11)} ${about}${onlyByName ? " (only when named)" : ""}`).join("\n")}

  --quick        small numbers: shows that it works, measures nothing
  --large        competitors: files of 1 GB instead of 64 MiB
  --json         only JSON lines on standard output
  --profile DIR  the server leaves CPU profiles there

Exit 0 when every measurement was sound, whether its goal was met or not; 1 when one was not; 2 for a wrong argument.
`;

interface Request {
  readonly benches: readonly Bench[];
  readonly quick: boolean;
  readonly large: boolean;
  readonly json: boolean;
  readonly profileDir: string | null;
}

const args = process.argv.slice(2);
const request = readRequest(args);
if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(USAGE);
} else if (typeof request === "string") {
  process.stderr.write(request);
  process.exitCode = 2;
} else {
  process.exitCode = await runAll(request);
}

function readRequest(args: string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        quick: { type: "boolean" },
        large: { type: "boolean" },
        json: { type: "boolean" },
        profile: { type: "string" },
      },
    });
    const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
    if (unknown.length > 0) return `there is no bench ${unknown.join(", ")}\n\n${USAGE}`;
    return {
      benches: BENCHES.filter(({ name, onlyByName }) =>
        positionals.length === 0 ? !onlyByName : positionals.includes(name),
      ),
      quick: values.quick ?? false,
      large: values.large ?? false,
      json: values.json ?? false,
      profileDir: values.profile ?? null,
    };
  } catch (cause) {
    return `${cause instanceof Error ? cause.message : cause}\n\n${USAGE}`;
  }
}

async function runAll({ benches, quick, large, json, profileDir }: Request): Promise<number> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const begunMs = performance.now();
  const note = (text: string) => {
    const seconds = ((performance.now() - begunMs) / 1000).toFixed(1);
    process.stderr.write(`${seconds.padStart(7)} s  ${text}\n`);
  };
  const { figures, failed } = await runBenches(benches, { quick, large, profileDir, signal: stop.signal, note });
  if (!json) process.stdout.write(`${tableOf(figures)}\n\n`);
  process.stdout.write(figures.map((figure) => `${jsonLineOf(figure)}\n`).join(""));
  note(`${figures.length} figures, ${figures.filter(({ met }) => met === false).length} goals not met`);
  if (failed.length > 0) note(`no sound measurement: ${failed.join(", ")}`);
  return failed.length > 0 || stop.signal.aborted ? 1 : 0;
}
