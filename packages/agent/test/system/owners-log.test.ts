import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { EnrolledAgent } from "../support/enrolled-agent.ts";
import { sha256 } from "../support/fake-server.ts";

async function logOf(runtime: string, root: string, ...args: string[]) {
  await using log = new AgentProcess(runtime, ["log", "--data", root, ...args]);
  const code = await log.exited;
  return { code, output: log.output };
}

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: log prints what was asked and how it ended while the agent runs, and follows`, {
    skip: !runtime.isThere,
  }, async () => {
    await using agent = await EnrolledAgent.start(runtime.file);
    await using follower = new AgentProcess(runtime.file, ["log", "--data", agent.root, "--follow", "--json"]);
    await until(() => follower.output.includes("enrolled"), "the first entry");
    const text = "#!/bin/sh\nexit 3\n";
    const { order } = await agent.run(text, {}, { args: "--secretless 'two words'" });
    await until(() => follower.output.includes('"event":"ended"'), "the entry of the end");
    follower.kill("SIGINT");
    assert.equal(await follower.exited, 0);
    const { code, output } = await logOf(runtime.file, agent.root);
    assert.equal(code, 0);
    const lines = output.trim().split("\n");
    assert.deepEqual(
      lines.map((line) => line.split("  ")[1]),
      ["enrolled", "accepted", "started", "ended"],
    );
    assert.match(lines[1] ?? "", new RegExp(`action ${order.actionId}  by an older server`));
    assert.ok(lines[1]?.includes(`RunScript a.sh args "--secretless 'two words'" sha256 ${sha256(text)}`));
    assert.match(lines[3] ?? "", /command 0 RunScript {2}completed {2}exit code 3 {2}result of \d+ bytes sha256 /);
    // An agent that is killed has lost nothing, and the next one goes on with the same file.
    await agent.restart();
    await agent.run("#!/bin/sh\n");
    await until(async () => (await logOf(runtime.file, agent.root)).output.split("ended").length === 3, "two ends");
    assert.equal((await logOf(runtime.file, agent.root, "--since", "1h")).output.split("\n").length, 8);
    assert.equal((await logOf(runtime.file, agent.root, "--since", "2100-01-01")).output, "");
  });
}

test("log names what is missing: no log, no right, no time", async () => {
  await using folder = await temporaryFolder();
  const none = await logOf(process.execPath, folder.path);
  assert.equal(none.code, 1);
  assert.match(none.output, /^halligan-agent: There is no owner's log in .*--data/);
  const unknown = await logOf(process.execPath, folder.path, "--since", "yesterday");
  assert.equal(unknown.code, 64);
  assert.match(unknown.output, /--since takes a time as .* not 'yesterday'/);
});

test("log says who may read it to an account that may not", {
  skip: process.geteuid?.() !== 0 && "needs root, to become another account",
}, async () => {
  await using folder = await temporaryFolder();
  const root = path.join(folder.path, "data");
  await mkdir(path.join(root, "owners-log"), { recursive: true, mode: 0o700 });
  await using log = new AgentProcess(process.execPath, ["log", "--data", root], { uid: 65_534 });
  assert.equal(await log.exited, 1);
  assert.match(log.output, /can be read by root and the agent's user only/);
});
