import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { describe, test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { deviceRunner } from "../../src/commands/device-runner.ts";
import { spawnScript } from "../../src/process/spawn-script.ts";
import { cgroupKinds } from "../support/cgroup-kinds.ts";
import { commandWorld } from "../support/command-world.ts";
import { isAlive, livingPids, run, type World } from "../support/scripts.ts";

const timeout = 30_000;
const isLinux = process.platform === "linux";
const ways = [...cgroupKinds(), { name: "no cgroup", folder: null, skip: isLinux ? (false as const) : "reads /proc" }];

/**
 * Cancels the script when `ready` exists. Returns the time until the agent reported that it was
 * gone.
 */
async function cancelled(world: World, text: string) {
  const cancel = new AbortController();
  const ready = path.join(world.temporary, "ready");
  const running = run(world, text.replaceAll("READY", ready), { signal: cancel.signal });
  await until(() => existsSync(ready), "the start of the script");
  const begunMs = performance.now();
  cancel.abort("cancelled");
  const end = await running;
  return { ...end, tookMs: performance.now() - begunMs };
}

/** Leaves session, parent and environment behind: nothing but a cgroup knows it after that. */
const daemon = (pids: string, ignores: string) =>
  `(setsid env -i /bin/bash -c '${ignores} (exec setsid /bin/bash -c "${ignores} echo \\$\\$ >> ${pids}; while :; do sleep 1; done") & echo $$ >> ${pids}' < /dev/null > /dev/null 2>&1 &)\n`;

for (const way of ways) {
  describe(`with ${way.name}`, { skip: way.skip }, () => {
    const isGrouped = way.folder !== null;
    const open = () => commandWorld({ cgroupFolder: way.folder });
    const groupsLeft = (world: World) =>
      way.folder === null ? [] : readdirSync(way.folder).filter((name) => name.includes(world.deps.machineId));

    test("a cancelled script that ignores SIGTERM is gone within a second, and so is its child", {
      timeout,
    }, async () => {
      await using world = await open();
      const pids = path.join(world.temporary, "pids");
      const text = `trap '' TERM; echo $$ >> ${pids}; (trap '' TERM; echo $BASHPID >> ${pids}; touch READY; while :; do sleep 1; done) & while :; do sleep 1; done\n`;
      const end = await cancelled(world, text);
      assert.deepEqual([end.errors, end.leftovers], [["Cancelled before it ended."], []]);
      assert.deepEqual(livingPids(pids), []);
      printTook(end.tookMs, 1_000);
      assert.deepEqual(groupsLeft(world), []);
    });

    if (isGrouped) {
      test("what forked twice, left the session, lost its parent and cleared its environment is ended with the script", {
        timeout,
      }, async () => {
        await using world = await open();
        const pids = path.join(world.temporary, "pids");
        writeFileSync(pids, "");
        const ready = `until [ $(grep -c . ${pids}) -ge 2 ]; do sleep 0.01; done; touch READY; sleep 1000\n`;
        const end = await cancelled(world, daemon(pids, 'trap "" TERM;'.replaceAll('"', "")) + ready);
        assert.deepEqual([end.errors, end.leftovers], [["Cancelled before it ended."], []]);
        assert.deepEqual(livingPids(pids), []);
        printTook(end.tookMs, 1_000);
        assert.deepEqual(groupsLeft(world), []);
      });
    }

    if (isGrouped) {
      test("such a process is ended also when the script itself came to its end", {
        timeout,
      }, async () => {
        await using world = await open();
        const pids = path.join(world.temporary, "pids");
        writeFileSync(pids, "");
        const end = await run(world, `${daemon(pids, "")}until [ $(grep -c . ${pids}) -ge 2 ]; do sleep 0.01; done\n`);
        assert.deepEqual([end.outcome, end.exitCode], ["completed", 0]);
        assert.match(end.errors.join(), /^The script left 2 processes running: \d+ \(bash\), \d+ \(sleep\), and/);
        assert.deepEqual(livingPids(pids), []);
        assert.deepEqual(groupsLeft(world), []);
      });
    }

    test("a script that forks without end is ended with all that it forked", { timeout }, async () => {
      await using world = await open();
      const pids = path.join(world.temporary, "pids");
      const text = `
trap '' TERM
grow() { for n in 1 2 3 4 5 6 7 8 9 10; do (trap '' TERM; echo $BASHPID >> ${pids}; sleep 1000) & done; sleep 0.02; }
for round in 1 2 3 4 5; do grow; done
touch READY
for round in $(seq 1 20); do grow; done
wait
`;
      const end = await cancelled(world, text);
      assert.deepEqual([end.errors, end.leftovers], [["Cancelled before it ended."], []]);
      assert.ok(livingPids(pids).length === 0);
      assert.deepEqual(groupsLeft(world), []);
    });

    // The pids controller can list a group, not stop it; and without any group nothing holds a
    // chain of sessions.
    const canStop = way.name !== "cgroup v1 pids";
    const chains = [
      { how: "in one group", next: "/bin/sh", isCaught: canStop },
      { how: "each in a session of its own", next: "setsid /bin/sh", isCaught: canStop && isGrouped },
    ].filter(({ isCaught }) => isCaught);
    for (const { how, next } of chains) {
      test(`a chain of processes that each fork the next and end, ${how}, is caught`, { timeout }, async () => {
        await using world = await open();
        const beat = path.join(world.temporary, "beat");
        const link = `: > ${beat}; ${next} -c "$LINK" &`;
        const text = `export LINK='${link}'; /bin/sh -c "$LINK"; sleep 0.2; touch READY; sleep 1000\n`;
        const end = await cancelled(world, text);
        assert.deepEqual([end.errors, end.leftovers], [["Cancelled before it ended."], []]);
        writeFileSync(beat, "still");
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.equal(readFileSync(beat, "utf8"), "still", "the chain goes on");
        printTook(end.tookMs, 1_500);
      });
    }

    if (isGrouped) {
      test("the first process is in its group before anything of the script runs", {
        timeout,
      }, async () => {
        await using world = await open();
        for (let round = 0; round < 10; round++) {
          const { transcript } = await run(world, "#!/bin/cat\n", { name: "a", args: "/proc/self/cgroup" });
          const groups = String(transcript?.script_output);
          assert.ok(groups.includes(`halligan-${world.deps.machineId}-1-0`), groups);
          assert.equal(transcript?.script_errors, "");
        }
      });
    }

    test("what an agent that died left of a command is found without its process number", { timeout }, async () => {
      await using world = await open();
      const pids = path.join(world.temporary, "pids");
      writeFileSync(pids, "");
      const job = world.job({ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file: null });
      const cgroup = world.deps.cgroups.make(job);
      const text = isGrouped
        ? daemon(pids, "")
        : `(setsid sleep 1000 & echo $! >> ${pids}); echo $$ >> ${pids}; sleep 1000`;
      const env = { PATH: process.env.PATH ?? "", HALLIGAN_ACTION_ID: job.actionId, HALLIGAN_COMMAND_INDEX: "0" };
      const child = await spawnScript({
        file: "/bin/bash",
        args: ["-c", text],
        cwd: "/",
        env,
        cgroup,
        openFiles: 1_024,
        inheritsSettings: false,
        pipes: null,
      });
      await until(() => readFileSync(pids, "utf8").split("\n").length >= 3, "three process ids");
      const runner = deviceRunner(world.deps);
      assert.deepEqual(await runner.endOrphans(job, null), []);
      await child.exited;
      assert.deepEqual(livingPids(pids), []);
      assert.deepEqual(groupsLeft(world), []);
    });
  });
}

const freezer = cgroupKinds().find(({ name }) => name === "cgroup v1 freezer");
test("a process that cannot be ended is named in the command's errors", {
  timeout,
  skip: freezer?.skip ?? false,
}, async () => {
  await using world = await commandWorld({ cgroupFolder: null });
  const ice = path.join(freezer?.folder ?? "", `halligan-test-${process.pid}`);
  const pids = path.join(world.temporary, "pids");
  // Frozen in a group of v1 it does not even heed SIGKILL.
  const text = `mkdir ${ice}; sleep 1000 > /dev/null 2>&1 & echo $! > ${pids}; echo $! > ${ice}/cgroup.procs; echo FROZEN > ${ice}/freezer.state; echo done\n`;
  const end = await run(world, text);
  const pid = Number(readFileSync(pids, "utf8"));
  writeFileSync(path.join(ice, "freezer.state"), "THAWED");
  assert.equal(end.outcome, "completed");
  assert.deepEqual(end.errors, [`Process ${pid} of the script could not be ended.`]);
  await until(() => !isAlive(pid), "the end of the process");
  rmdirSync(ice);
});

test("a device without cgroups, or with cgroups turned off, still runs scripts", { timeout }, async () => {
  await using world = await commandWorld({ cgroupFolder: path.join("/", "no-such-folder") });
  const end = await run(world, "echo hello\n");
  assert.deepEqual([end.outcome, end.transcript?.script_output], ["completed", "hello\n"]);
});

/** A figure for readers of the test output. A noisy machine must not fail the test. */
function printTook(tookMs: number, goalMs: number): void {
  console.log(`gone after ${Math.round(tookMs)} ms; the goal is ${goalMs} ms`);
}
