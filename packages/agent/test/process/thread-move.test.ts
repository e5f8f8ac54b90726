import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { until } from "../../../protocol/test/support/until.ts";
import { findCgroupHome } from "../../src/process/cgroups/cgroup-home.ts";
import { spawnScript } from "../../src/process/spawn-script.ts";
import { cgroupKinds } from "../support/cgroup-kinds.ts";
import { silentLog } from "../support/fake-ports.ts";

const timeout = 20_000;

for (const kind of cgroupKinds()) {
  describe(`the agent's thread in a group of ${kind.name}`, { skip: kind.skip, timeout }, () => {
    // Its own, as test files that run at the same time share the cgroups of this device.
    const machineId = randomBytes(20).toString("hex");
    const madeGroup = (orderSeq: number) => {
      const home = findCgroupHome({ machineId, configured: kind.folder ?? "", log: silentLog });
      const made = home?.make({ orderSeq, index: 0 });
      if (!made?.threadMove) throw new Error("the thread cannot enter");
      return { ...made, threadMove: made.threadMove };
    };
    const start = {
      file: "/bin/sleep",
      args: ["1000"],
      cwd: "/",
      env: {},
      openFiles: 1_024,
      inheritsSettings: true,
      pipes: null,
    };

    test("starts a script in there and leaves it at once", async () => {
      const cgroup = madeGroup(1);
      const child = await spawnScript({ ...start, cgroup });
      assert.deepEqual(ownThreadsIn(cgroup.group.folder), []);
      assert.deepEqual(cgroup.group.pids(), [child.pid]);
      assert.equal(readFileSync(`/proc/${child.pid}/comm`, "latin1"), "sleep\n");
      assert.equal(cgroup.group.removeEmpty(), false);
      cgroup.group.kill();
      await child.exited;
      await until(() => cgroup.group.removeEmpty(), "the removal of the cgroup");
    });

    test("takes along the threads that the runtime made meanwhile", async () => {
      const cgroup = madeGroup(2);
      const entered = cgroup.threadMove.within(cgroup.entry, () => {
        const worker = new Worker("setInterval(() => undefined, 1000)", { eval: true });
        assert.ok(ownThreadsIn(cgroup.group.folder).length > 1, "the new thread has inherited the group");
        return worker;
      });
      assert.deepEqual(ownThreadsIn(cgroup.group.folder), []);
      await entered?.started.terminate();
      assert.equal(cgroup.group.removeEmpty(), true);
    });

    test("leaves it also when the start throws", () => {
      const cgroup = madeGroup(3);
      assert.throws(
        () =>
          cgroup.threadMove.within(cgroup.entry, () => {
            throw new Error("no process");
          }),
        /no process/,
      );
      assert.equal(cgroup.group.removeEmpty(), true);
    });

    test("starts the script outside when the group is gone, as the shell does", async () => {
      const cgroup = madeGroup(4);
      assert.equal(cgroup.group.removeEmpty(), true);
      const child = await spawnScript({ ...start, args: ["0"], cgroup });
      assert.equal(await child.exited, 0);
      assert.equal(cgroup.group.exists, false);
    });
  });
}

function ownThreadsIn(folder: string): string[] {
  const name = path.basename(folder);
  return readdirSync("/proc/self/task").filter((thread) =>
    readFileSync(`/proc/self/task/${thread}/cgroup`, "latin1").includes(name),
  );
}
