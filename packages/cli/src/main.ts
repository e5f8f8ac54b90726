import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import process from "node:process";
import { refuseReplacedBytes } from "./argument-text.ts";
import { Interrupted } from "./cli-error.ts";
import type { Outcome } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { describeFailure } from "./describe-failure.ts";
import type { Environment } from "./environment.ts";
import { EXIT } from "./exit-codes.ts";
import { findCommand } from "./find-command.ts";
import { findHelp } from "./find-help.ts";
import { cliNetwork } from "./network/cli-network.ts";
import { harmlessJson, harmlessText } from "./render/harmless.ts";
import { renderOverview } from "./render/help.ts";
import { runCommand } from "./run-command.ts";

const env: Environment = {
  variables: process.env,
  network: cliNetwork(process.env),
  homeFolder: homedir(),
  currentFolder: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
};
const argv = process.argv.slice(2);
const passedOnAt = argv.indexOf("--");
// Known before the arguments are parsed, so that their errors are JSON too.
const isJson = (passedOnAt < 0 ? argv : argv.slice(0, passedOnAt)).includes("--json");

// `halligan ... | head`: nobody reads on, which is no fault of anyone.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.localFile);
  });
}

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: the second one ends the process as it would without us.
  process.once(signal, () => stopping.abort(new Interrupted(signal)));
}

try {
  const outcome = await dispatch();
  if (isJson) {
    if (!outcome.isStreamed) env.stdout.write(`${harmlessJson(outcome.json)}\n`);
  } else {
    env.stdout.write(outcome.text ?? "");
    env.stderr.write(outcome.notes ?? "");
  }
  process.exitCode = outcome.exitCode ?? EXIT.ok;
} catch (error) {
  const { exit, code, message, json } = describeFailure(error);
  if (isJson) env.stdout.write(`${harmlessJson({ error: { code, message }, ...json })}\n`);
  else env.stderr.write(`halligan: ${harmlessText(message)}\n`);
  process.exitCode = EXIT[exit];
}

async function dispatch(): Promise<Outcome> {
  refuseReplacedBytes(argv);
  const [first] = argv.filter((argument) => argument !== "--json");
  if (first === "--version" || first === "version") {
    const version = await readVersion();
    return { json: { version }, text: `halligan ${version}\n` };
  }
  const help = findHelp(argv);
  if (help !== null) return { json: { help }, text: help };
  const invocation = findCommand(argv);
  if (invocation === null) {
    // A call without a command is a mistake in a script, so its exit code is not 0.
    const overview = renderOverview(COMMANDS);
    return { json: { help: overview }, notes: overview, exitCode: EXIT.usage };
  }
  return runCommand(invocation.command, invocation.rest, env, stopping.signal);
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown";
}
