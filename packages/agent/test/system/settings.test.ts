import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { EnrolledAgent } from "../support/enrolled-agent.ts";

const SHOW_LIMIT = "#!/bin/sh\nulimit -Sn\n";

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: a limit of the configuration file changes what a script gets, and a variable comes first`, {
    skip: !runtime.isThere,
  }, async () => {
    await using agent = await EnrolledAgent.start(runtime.file);
    const limit = async () => (await agent.run(SHOW_LIMIT)).transcript?.script_output.trim();
    assert.equal(await limit(), "1024");
    await writeFile(path.join(agent.root, "agent.conf"), "script_open_files = 200\n", { mode: 0o600 });
    await agent.restart();
    assert.equal(await limit(), "200");
    assert.match(agent.process?.output ?? "", /"settingsRead".*agent\.conf.*script_open_files/);
    await agent.restart({ env: { HALLIGAN_AGENT_SCRIPT_OPEN_FILES: "300" } });
    assert.equal(await limit(), "300");
  });
}

test("run and config refuse wrong settings with exit code 78 before anything else", async () => {
  await using folder = await temporaryFolder();
  const root = path.join(folder.path, "data");
  await mkdir(root, { mode: 0o700 });
  const file = path.join(folder.path, "other.conf");
  await writeFile(file, "kill_grace_ms = 1 day\n", { mode: 0o600 });
  for (const command of ["run", "config"]) {
    await using agent = new AgentProcess(process.execPath, [command, "--data", root, "--config", file]);
    assert.equal(await agent.exited, 78);
    assert.match(
      agent.output,
      /^halligan-agent: .*other\.conf, line 1: kill_grace_ms must be a whole number from 0 to/,
    );
  }
  await using agent = new AgentProcess(process.execPath, ["config", "--data", root]);
  assert.equal(await agent.exited, 0);
  assert.match(agent.output, /^#kill_grace_ms = 500$/m);
});
