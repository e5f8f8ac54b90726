import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Program } from "../../../src/program.ts";
import { chosenAgentRuntime, runtimeExecutable } from "../../../src/runtimes.ts";

const command = (name: string, args: readonly string[], onLine?: (line: string) => void) =>
  new Program(name, {
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../../bin/halligan-${name}.mjs`, import.meta.url)), ...args],
    env: {},
    ...(onLine && { onLine }),
  });

test("npm run dev -- --json prints one line with everything a program needs, stays up until SIGTERM, and leaves nothing", async () => {
  await using dev = command("dev", ["--json", "--agents", "12"]);
  const line = await dev.line((text) => text.startsWith("{"));
  const ready = JSON.parse(line);
  assert.deepEqual(Object.keys(ready), [
    "baseUrl",
    "tokenUrl",
    "tenant",
    "clientId",
    "clientSecret",
    "machines",
    "dataDir",
  ]);
  assert.deepEqual(
    ready.machines.map(({ computerDnsName }: { computerDnsName: string }) => computerDnsName),
    Array.from({ length: 12 }, (_, i) => `device-${i + 1}`),
  );
  const { clientId, clientSecret } = ready;
  const body = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: "client_credentials",
    scope: "https://api.securitycenter.microsoft.com/.default",
  });
  assert.equal((await fetch(ready.tokenUrl, { method: "POST", body })).status, 200);
  assert.equal(await dev.stop(), 0);
  assert.equal(dev.output, line, "nothing but the one line was printed");
  assert.equal(existsSync(dirname(ready.dataDir)), false, "its folder is gone");
});

for (const [args, sentence] of [
  [["--agents", "201"], '--agents takes a number from 0 to 200, not "201"'],
  [["--agents", "two"], '--agents takes a number from 0 to 200, not "two"'],
  [["--profile", "fast"], '--profile takes open or defender, not "fast"'],
  [["--agent", "deno"], '--agent takes bun or node, not "deno"'],
  [["--machine", "2"], "Unknown option '--machine'"],
] as const) {
  test(`npm run dev -- ${args.join(" ")} names the mistake, shows the options and exits with 2`, async () => {
    await using dev = command("dev", args);
    assert.equal(await dev.exited, 2);
    const [first = "", ...rest] = dev.output.split("\n");
    assert.ok(first.startsWith(`npm run dev: ${sentence}`), first);
    assert.ok(rest.some((line) => line.includes("--profile NAME")));
    assert.ok(!dev.output.includes("    at "), "no stack trace");
  });
}

const ROOT = new URL("../../../../../", import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8"));
/** They take no arguments of their own, or belong to others. */
const WITHOUT_HELP = new Set(["check", "fix", "openapi"]);

for (const [name, line] of Object.entries<string>(scripts)) {
  if (WITHOUT_HELP.has(name)) continue;
  const [, file = "", ...own] = line.split(" ");
  const start = (argument: string) => {
    const args = [fileURLToPath(new URL(file, ROOT)), ...own, argument];
    return new Program(name, { command: process.execPath, args, env: {} });
  };

  test(`npm run ${name} -- --help shows the help`, async () => {
    await using program = start("--help");
    assert.equal(await program.exited, 0, program.output);
    assert.match(program.output, new RegExp(`npm (run )?${name}`));
    assert.doesNotMatch(program.output, /^ +at .*:\d+/m, "no stack trace");
  });

  test(`npm run ${name} -- --no-such-option names it and exits with 2`, async () => {
    await using program = start("--no-such-option");
    assert.equal(await program.exited, 2, program.output);
    assert.match(program.output, /no-such-option/);
    assert.doesNotMatch(program.output, /^ +at .*:\d+/m, "no stack trace");
  });
}

test("the agent runs under Bun where this install has it, and --agent node selects Node", () => {
  const bun = runtimeExecutable("bun");
  assert.equal(chosenAgentRuntime(undefined), bun === null ? "node" : "bun");
  assert.equal(chosenAgentRuntime("node"), "node");
  if (bun === null) assert.throws(() => chosenAgentRuntime("bun"), /no Bun for this system/);
  else assert.equal(chosenAgentRuntime("bun"), "bun");
});

test("npm run demo -- --json does the main job and ends with a line that says ok", async () => {
  await using demo = command("demo", ["--json"]);
  assert.equal(await demo.exited, 0, demo.output);
  const report = JSON.parse(demo.output.split("\n").at(-1) ?? "");
  assert.equal(report.ok, true);
  assert.equal(report.status, "Succeeded");
  assert.match(report.sha256, /^[0-9a-f]{64}$/);
});
