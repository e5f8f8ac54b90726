import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { readFile, rmdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { findCgroupHome } from "../../src/process/cgroups/cgroup-home.ts";
import { ownCgroupFolders } from "../../src/process/cgroups/cgroup-mounts.ts";
import { openCgroups } from "../../src/process/cgroups/cgroups.ts";
import { CommandCgroup } from "../../src/process/cgroups/command-cgroup.ts";
import { spawnScript } from "../../src/process/spawn-script.ts";
import { temporaryFolder } from "../support/agent-process.ts";
import { cgroupKinds, homeIn } from "../support/cgroup-kinds.ts";
import { silentLog } from "../support/fake-ports.ts";
import { isAlive } from "../support/scripts.ts";

const timeout = 20_000;
const v2 = cgroupKinds().find(({ name }) => name === "cgroup v2");
const options = { timeout, skip: v2?.skip ?? false };
const MOUNTS = `24 30 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
31 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
32 30 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
33 30 0:30 /docker/ab\\040c /sys/fs/cgroup/freezer ro - cgroup cgroup rw,freezer
`;

test("the agent's own place is found in each hierarchy that is mounted, the best first", () => {
  assert.deepEqual(ownCgroupFolders("0::/system.slice/halligan.service\n", MOUNTS.split("\n")[0] ?? ""), [
    "/sys/fs/cgroup/system.slice/halligan.service",
  ]);
  const both = "9:pids:/p\n6:freezer:/docker/ab c/in\n4:cpu,cpuacct:/x\n0::/\n";
  assert.deepEqual(ownCgroupFolders(both, MOUNTS.split("\n").slice(1).join("\n")), [
    "/sys/fs/cgroup/unified",
    "/sys/fs/cgroup/freezer/in",
    "/sys/fs/cgroup/pids/p",
  ]);
});

test("a place outside of what is mounted, or of the own namespace, is none; nor is a text of another kind", () => {
  const mount = "33 30 0:30 /docker/a /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
  for (const place of ["/docker/ab", "/", "/../other", "/docker/a/../b"]) {
    assert.deepEqual(ownCgroupFolders(`0::${place}\n`, mount), []);
  }
  assert.deepEqual(ownCgroupFolders("", ""), []);
  assert.deepEqual(ownCgroupFolders("garbage", "garbage - garbage"), []);
});

test("a folder that is no cgroup, one that is not there, and 'none' mean none, and nothing fails", async () => {
  await using folder = await temporaryFolder();
  for (const configured of [folder.path, path.join(folder.path, "missing"), "none"]) {
    assert.equal(findCgroupHome({ machineId: "ab", configured, log: silentLog }), null);
  }
});

test("a script whose group cannot be entered runs all the same, and the empty group is removed", options, async () => {
  const { group } = homeIn(v2?.folder ?? "").make({ orderSeq: 900_001, index: 0 });
  const entry = path.join(group.folder, "cgroup.nonsense");
  const child = await spawnScript({
    file: "/bin/sh",
    args: ["-c", "exit 7"],
    cwd: "/",
    env: {},
    cgroup: { group, entry, limitEntries: [], threadMove: null },
    openFiles: 1_024,
    inheritsSettings: false,
    pipes: null,
  });
  assert.equal(await child.exited, 7);
  assert.equal(group.removeEmpty(), false);
  assert.equal(group.exists, false);
});

test("a group that threads may not enter singly is killed as one by the kernel", options, async () => {
  const group = new CommandCgroup(path.join(v2?.folder ?? "", `halligan-test-${process.pid}`));
  mkdirSync(group.folder);
  const entry = path.join(group.folder, "cgroup.procs");
  const args = ["-c", "(sleep 1000 &); mkdir $0/inner; (echo 0 > $0/inner/cgroup.procs; exec sleep 1000) & sleep 1000"];
  const start = { file: "/bin/sh", args: [...args, group.folder], cwd: "/", env: { PATH: "/usr/bin:/bin" } };
  const child = await spawnScript({
    ...start,
    cgroup: { group, entry, limitEntries: [], threadMove: null },
    openFiles: 1_024,
    inheritsSettings: false,
    pipes: null,
  });
  await until(() => group.pids().length === 4, "four processes in the cgroup");
  const pids = group.pids();
  assert.equal(group.removeEmpty(), false);
  group.kill();
  await child.exited;
  await until(() => !pids.some(isAlive), "the end of all processes");
  await until(() => group.remove(), "the removal of the cgroup");
  assert.equal(existsSync(group.folder), false);
});

test("a group that the agent itself was put into is not killed with the agent in it", options, async () => {
  const { group } = homeIn(v2?.folder ?? "").make({ orderSeq: 900_002, index: 0 });
  const start = { file: "/bin/sleep", args: ["1000"], cwd: "/", env: {} };
  const cgroup = { group, entry: path.join(group.folder, "cgroup.threads"), limitEntries: [], threadMove: null };
  const inGroup = { ...start, cgroup, openFiles: 1_024, inheritsSettings: false, pipes: null };
  const [other, agent] = [await spawnScript(inGroup), await spawnScript(inGroup)];
  await until(() => group.pids().length === 2, "two processes in the cgroup");
  const asAgent = new CommandCgroup(group.folder, agent.pid);
  assert.deepEqual(asAgent.pids(), [other.pid]);
  asAgent.kill();
  await other.exited;
  assert.equal(isAlive(agent.pid), true);
  group.kill();
  await agent.exited;
  await until(() => group.remove(), "the removal of the cgroup");
});

test(
  "what an earlier agent left is found where that one ran, and is ended when the agent starts",
  options,
  async () => {
    await using folder = await temporaryFolder();
    const machineId = `feed${process.pid}`;
    const former = path.join(v2?.folder ?? "", `halligan-test-former-${process.pid}`);
    mkdirSync(former);
    const open = (configured: string) =>
      openCgroups({ root: folder.path, machineId, env: { HALLIGAN_AGENT_CGROUP: configured }, log: silentLog });
    const job = { actionId: "a", orderSeq: 5, index: 1 };
    const first = await open(former);
    const cgroup = first.make(job);
    assert.ok(cgroup);
    const child = await spawnScript({
      file: "/bin/sleep",
      args: ["1000"],
      cwd: "/",
      env: {},
      cgroup,
      openFiles: 1_024,
      inheritsSettings: false,
      pipes: null,
    });
    await until(() => cgroup.group.pids().length === 1, "the process in the cgroup");
    const second = await open(v2?.folder ?? "");
    assert.deepEqual(
      second.of(job).map((group) => group.folder),
      [path.join(former, `halligan-${machineId}-5-1`)],
    );
    second.removeAll(() => false);
    await child.exited;
    await until(() => second.all().every((group) => group.remove()), "the removal of all cgroups");
    await open(v2?.folder ?? "");
    assert.equal(await readFile(path.join(folder.path, "cgroup-home"), "utf8"), v2?.folder);
    await rmdir(former);
  },
);

test("the name of a group holds hex digits and numbers of the agent's own only", () => {
  assert.match(homeIn("/x").of({ orderSeq: 12, index: 3 }).folder, /^\/x\/halligan-[0-9a-f]+-12-3$/);
  assert.equal(findCgroupHome({ machineId: "../../etc", configured: "/sys/fs/cgroup", log: silentLog }), null);
});
