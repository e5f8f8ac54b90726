import { parseArgs } from "node:util";
import { parsedOrUsage } from "../parsed-or-usage.ts";
import { ATTACKS } from "./all-attacks.ts";
import { describeTrial } from "./trial/describe-trial.ts";
import { runTrial } from "./trial/trial.ts";
import { failuresOf } from "./trial/verdict.ts";

/**
 * `npm run attack`: exit 0 when honest callers and agents were unharmed by every attack, 1 when
 * not. `--json`: a line for each attack on standard output.
 */
const USAGE = "usage: npm run attack -- [--only NAME]... [--seconds N] [--agents N] [--json]\n";
const LIST = ATTACKS.map(({ name, point, title }) => `  ${name.padEnd(26)} (point ${point}) ${title}\n`).join("");
const { values } = parsedOrUsage(`${USAGE}attacks:\n${LIST}`, () =>
  parseArgs({
    options: {
      only: { type: "string", multiple: true },
      seconds: { type: "string", default: "10" },
      agents: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
    },
  }),
);
const [seconds, agents] = [Number(values.seconds), Number(values.agents)];
const names = values.only ?? ATTACKS.map(({ name }) => name);
const unknown = names.filter((name) => !ATTACKS.some((attack) => attack.name === name));
const isRange = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
if (unknown.length > 0 || !isRange(seconds, 3_600) || !isRange(agents, 50)) {
  if (unknown.length > 0) process.stderr.write(`no attack is named ${unknown.join(", ")}\n`);
  process.stderr.write(`${USAGE}attacks:\n${LIST}`);
  process.exitCode = 2;
} else {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  for (const attack of ATTACKS.filter(({ name }) => names.includes(name))) {
    const figures = await runTrial(attack, { seconds, agents }, stop.signal);
    const failures = failuresOf(figures);
    if (values.json) process.stdout.write(`${JSON.stringify({ run: "attack", ...figures, failures })}\n`);
    (values.json ? process.stderr : process.stdout).write(describeTrial(attack, figures, failures));
    if (failures.length > 0) process.exitCode = 1;
  }
}
