import { parseArgs } from "node:util";
import { runDemo } from "./demo.ts";
import { parsedOrUsage } from "./parsed-or-usage.ts";
import { chosenAgentRuntime } from "./runtimes.ts";

/**
 * `npm run demo`: the main job for real, on this machine. Exit 0 when everything was as it should
 * be. The agent runs under Bun where this install has it; `--agent node` selects Node.
 */
const { values } = parsedOrUsage("usage: npm run demo -- [--agent bun|node] [--json]\n", () =>
  parseArgs({
    options: { json: { type: "boolean", default: false }, agent: { type: "string" } },
  }),
);
const say = (text: string) => {
  if (!values.json) process.stdout.write(`${text}\n`);
};

try {
  const report = await runDemo(say, chosenAgentRuntime(values.agent));
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: true, ...report })}\n`);
} catch (cause) {
  const message = cause instanceof Error ? cause.message : String(cause);
  process.stderr.write(`The demo failed: ${message}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
  process.exitCode = 1;
}
