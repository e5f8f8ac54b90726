import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { deviceRunner } from "../../src/commands/device-runner.ts";
import { treeMark } from "../../src/commands/script-environment.ts";
import { runScript } from "../../src/commands/scripts/run-script.ts";
import { KeptProcesses } from "../../src/process/kept-processes.ts";
import { startTimeOf } from "../../src/process/tree/process-table.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { cgroupKinds } from "../support/cgroup-kinds.ts";
import { commandWorld } from "../support/command-world.ts";
import { silentLog } from "../support/fake-ports.ts";
import { isAlive, run, type World } from "../support/scripts.ts";

const timeout = 30_000;
const options = { timeout, skip: process.platform === "linux" ? false : "reads /proc" };
const v2 = cgroupKinds().find(({ name }) => name === "cgroup v2");
const start = { granted: async () => undefined, spawned: async () => undefined };
const command = { actionId: "11111111-2222-4333-8444-555555555555", orderSeq: 1, index: 0 };

function again(world: World, bootId = world.deps.bootId): KeptProcesses {
  const { cgroups } = world.deps;
  return new KeptProcesses({
    root: world.folder.root,
    bootId,
    cgroups,
    log: silentLog,
    settings: DEFAULT_SETTINGS,
    markOf: treeMark,
  });
}

test("a number that a set-back server uses again does not end what another action left", {
  timeout,
  skip: v2?.skip ?? false,
}, async () => {
  await using world = await commandWorld({ cgroupFolder: v2?.folder ?? null });
  const file = path.join(world.temporary, "pid");
  const end = await run(world, `setsid sleep 1000 > /dev/null 2>&1 & echo $! > ${file}\n`, { keepProcesses: true });
  assert.equal(end.outcome, "completed");
  const pid = Number(readFileSync(file, "utf8"));
  const script = world.server.addFile("sleep 1000 > /dev/null 2>&1 & echo over\n");
  const reused = world.job({ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file: script });
  const other = { ...reused, actionId: "99999999-2222-4333-8444-555555555555" };
  assert.equal((await runScript(world.deps, other, start, new AbortController().signal)).outcome, "completed");
  assert.ok(isAlive(pid));
  assert.deepEqual(await deviceRunner(world.deps).endOrphans(other, null), []);
  assert.ok(isAlive(pid));
  // Its own command's orphans are ended, with its group.
  assert.deepEqual(await deviceRunner(world.deps).endOrphans(reused, null), []);
  assert.equal(isAlive(pid), false);
  await until(() => world.deps.cgroups.all().every((group) => group.remove()), "the removal of all cgroups");
});

test("what was kept is known to the next agent process, but not after a restart of the device", options, async () => {
  await using world = await commandWorld({ cgroupFolder: null });
  await world.deps.keptProcesses.keep(command, [{ pid: process.pid, startTime: "1" }]);
  assert.deepEqual(again(world).marks(), [treeMark(command)]);
  assert.deepEqual(again(world, "another boot").marks(), []);
});

test("what has ended is forgotten when something else is kept, and there is a limit", options, async () => {
  await using world = await commandWorld({ cgroupFolder: null });
  const kept = world.deps.keptProcesses;
  await kept.keep(command, [{ pid: 999_999_999, startTime: "1" }]);
  const living = ownEntry();
  for (let index = 1; index <= DEFAULT_SETTINGS.maxKeptCommands; index++)
    await kept.keep({ ...command, index }, [living]);
  assert.equal(kept.marks().length, DEFAULT_SETTINGS.maxKeptCommands);
  await assert.rejects(kept.keep({ ...command, index: 999 }, [living]), /have left processes running already/);
});

test("a file that the agent did not write is none, and does not stop it", options, async () => {
  await using world = await commandWorld({ cgroupFolder: null });
  const file = path.join(world.folder.root, "kept-processes.json");
  for (const text of ["", "{", '{"bootId":1}', "[]"]) {
    writeFileSync(file, text);
    assert.deepEqual(again(world).marks(), []);
  }
  await again(world).keep(command, [ownEntry()]);
  assert.ok(existsSync(file));
  assert.equal(again(world).marks().length, 1);
});

function ownEntry(): { pid: number; startTime: string } {
  return { pid: process.pid, startTime: startTimeOf(process.pid) };
}
