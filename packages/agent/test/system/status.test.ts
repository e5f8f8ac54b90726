import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { EnrolledAgent } from "../support/enrolled-agent.ts";

async function statusOf(runtime: string, root: string, ...args: string[]) {
  await using status = new AgentProcess(runtime, ["status", "--data", root, ...args]);
  const code = await status.exited;
  return { code, output: status.output };
}

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: status says whether the agent is connected, since when, and what limits it`, {
    skip: !runtime.isThere,
  }, async () => {
    await using agent = await EnrolledAgent.start(runtime.file);
    const status = (...args: string[]) => statusOf(runtime.file, agent.root, ...args);
    const connected = await until(async () => {
      const found = await status();
      return found.code === 0 && found;
    }, "the connection in the status");
    assert.match(connected.output, /^server {8}http:\/\/127\.0\.0\.1:\d+\nmachine {7}[0-9a-f]{40}\n/);
    assert.match(connected.output, /\nconnection {4}connected since \d{4}-\d\d-\d\d /);
    assert.match(connected.output, /\nlimit {9}owner's log: 5 files of at most 8388608 bytes\n/);
    assert.equal(statSync(path.join(agent.root, "status.json")).mode & 0o777, 0o600);
    await agent.server[Symbol.asyncDispose]();
    const lost = await until(async () => {
      const found = await status();
      return found.code === 4 && found.output.includes("problem") && found;
    }, "the lost connection in the status");
    assert.match(lost.output, /\nconnection {4}not connected since /);
    agent.process?.kill("SIGKILL");
    await agent.process?.exited;
    const ended = await status("--json");
    assert.equal(ended.code, 3);
    const { isEnrolled, isRunning, agent: none, machineId } = JSON.parse(ended.output);
    assert.deepEqual([isEnrolled, isRunning, none, machineId], [true, false, null, agent.server.machineId]);
  });
}

test("status of a folder without an agent, and with a broken status file, says that none runs", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(path.join(folder.path, "status.json"), "{");
  const { code, output } = await statusOf(process.execPath, folder.path);
  assert.equal(code, 3);
  assert.match(output, /^server {8}none: this device is not enrolled in .*\nconnection {4}not running\n/);
});
