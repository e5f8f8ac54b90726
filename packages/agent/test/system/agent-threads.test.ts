import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { CgroupHome } from "../../src/process/cgroups/cgroup-home.ts";
import { RUNTIMES } from "../support/agent-process.ts";
import { cgroupKinds } from "../support/cgroup-kinds.ts";
import { EnrolledAgent } from "../support/enrolled-agent.ts";

const SCRIPTS = 12;
const kinds = cgroupKinds();
const noCgroup = kinds.every(({ skip }) => skip !== false) ? "this device lets the agent have no cgroup" : false;

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? noCgroup : `${runtime.name} is not installed`;
  test(`each script has a group of its own, and no thread of the agent stays in one, under ${runtime.name}`, {
    skip,
    timeout: 60_000,
  }, async () => {
    await using agent = await EnrolledAgent.start(runtime.file);
    const pid = agent.process?.child.pid;
    for (let count = 0; count < SCRIPTS; count++) {
      const { order, transcript } = await agent.run("cat /proc/self/cgroup\n");
      const group = `/halligan-${agent.server.machineId}-${order.orderSeq}-0`;
      const groups = transcript?.script_output.split("\n").filter((line) => line.includes("halligan-")) ?? [];
      assert.equal(groups.length, 1, transcript?.script_output);
      assert.ok(groups[0]?.endsWith(group), groups[0]);
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        // A thread can end between the list and this.
        const text = textOf(`/proc/${pid}/task/${thread}/cgroup`);
        assert.ok(!text.includes("halligan-"), text);
      }
    }
    const home = readFileSync(path.join(agent.root, "cgroup-home"), "utf8");
    assert.deepEqual(new CgroupHome(home, agent.server.machineId).all(), []);
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
