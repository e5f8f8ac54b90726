import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ScriptLimits } from "../../src/process/cgroups/script-limits.ts";
import { temporaryFolder } from "../support/agent-process.ts";

const ALL = { scriptCpuWeight: 50, scriptMemoryBytes: 64 * 1024 * 1024, maxScriptProcesses: 20 };
const none = () => null;

test("limits that are not set need nothing, and an agent without cgroups says of each set one that it cannot be", () => {
  const off = { scriptCpuWeight: 0, scriptMemoryBytes: 0, maxScriptProcesses: 0 };
  assert.deepEqual(ScriptLimits.open(off, null, none).unavailable, []);
  const limits = ScriptLimits.open(ALL, null, none);
  const why = "this agent has no cgroups for its scripts";
  assert.deepEqual(limits.unavailable, [
    `script_cpu_weight: ${why}`,
    `script_memory_bytes: ${why}`,
    `max_script_processes: ${why}`,
  ]);
  assert.deepEqual(limits.texts, []);
});

test("a cgroup without a controller, and one that cannot be used, are named", async () => {
  await using folder = await temporaryFolder();
  writeFileSync(path.join(folder.path, "cgroup.controllers"), "cpu hugetlb\n");
  writeFileSync(path.join(folder.path, "cgroup.subtree_control"), "");
  const limits = ScriptLimits.open(ALL, folder.path, none);
  assert.deepEqual(limits.unavailable, [
    "script_cpu_weight: the cpu controller cannot be used: it does not exist",
    "script_memory_bytes: the agent's cgroup has no memory controller",
    "max_script_processes: the agent's cgroup has no pids controller",
  ]);
  assert.equal(limits.allowsThreadedGroups, true);
});
