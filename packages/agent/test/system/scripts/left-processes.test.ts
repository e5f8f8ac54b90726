/** What a script leaves running: ended and named, or kept as the order allows. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { RUNTIMES } from "../../support/agent-process.ts";
import { cgroupKinds } from "../../support/cgroup-kinds.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";
import { isAlive } from "../../support/scripts.ts";

const options = { timeout: 60_000 };
const noCgroup = cgroupKinds().every(({ skip }) => skip !== false) && "this device lets the agent have no cgroup";
const ways = [
  { way: "cgroups", setting: undefined, skip: noCgroup },
  { way: "no cgroups", setting: "none", skip: process.platform === "linux" ? false : "reads /proc" },
] as const;

for (const runtime of RUNTIMES) {
  for (const { way, setting, skip } of ways) {
    describe(`a process that a script leaves running, under ${runtime.name} with ${way}`, {
      skip: runtime.isThere ? skip : `${runtime.name} is not installed`,
    }, () => {
      let agent: EnrolledAgent;
      const file = (name: string) => path.join(agent.folder.path, name);
      const pidIn = (name: string) => Number(readFileSync(file(name), "utf8"));
      const isWritten = (name: string) => existsSync(file(name)) && readFileSync(file(name), "utf8").endsWith("\n");
      /**
       * A daemon as people start one; its number is in a file. It has the name of its last program.
       */
      const daemon = (name: string) =>
        `setsid nohup sleep 1000 > /dev/null 2>&1 < /dev/null & echo $! > ${file(name)}\n` +
        "until grep -q sleep /proc/$!/comm; do :; done\n";
      const started: string[] = [];
      const keep = async (name: string, text = daemon(name)) => {
        started.push(name);
        return await agent.run(text, {}, { keepProcesses: true });
      };

      before(async () => {
        agent = await EnrolledAgent.start(runtime.file, { env: setting ? { HALLIGAN_AGENT_CGROUP: setting } : {} });
      });
      after(async () => {
        for (const name of started.filter(isWritten)) if (isAlive(pidIn(name))) process.kill(pidIn(name), "SIGKILL");
        await agent[Symbol.asyncDispose]();
      });

      test("is ended, and named in the errors and in the transcript of the completed command", options, async () => {
        const end = await agent.run(`${daemon("ended")}echo done\n`);
        const pid = pidIn("ended");
        assert.equal(isAlive(pid), false);
        const note =
          `The script left 1 process running: ${pid} (sleep), and the agent ended it. To leave such processes running, ` +
          "start the script with keepProcesses (halligan run --keep-processes).";
        assert.deepEqual([end.outcome, end.errors], ["completed", [note]]);
        const { script_output, script_errors, exit_code } = end.transcript ?? {};
        assert.deepEqual([script_output, script_errors, exit_code], ["done\n", `[halligan: ${note}]\n`, 0]);
      });

      test("is not said to be left when it only ends a moment after the script", options, async () => {
        for (const text of ["exec > >(sleep 0.01; cat)\necho a\n", "echo a; sleep 0 &\n", "(echo a) | cat &\n"]) {
          const end = await agent.run(text);
          assert.deepEqual([end.errors, end.transcript?.script_output], [[], "a\n"], text);
        }
      });

      test("shows a readable name whatever it calls itself, and a bounded list of many", options, async () => {
        const named = await agent.run(
          "(printf 'a\\nb\\033\\377' > /proc/self/comm; exec 1>&- 2>&-; read < <(sleep 1000)) &\nsleep 0.2\n",
        );
        assert.match(
          named.errors.join("|"),
          /^The script left \d+ processes running: (\d+ \([ -~\ufffd]+\)(, )?)+, and the/,
        );
        // A child that has just begun still has the name of the shell.
        const many = await agent.run("for n in $(seq 30); do sleep 1000 > /dev/null 2>&1 & done\n");
        assert.match(
          many.errors.join(),
          /^The script left 30 processes running: (\d+ \((sleep|bash)\)(, )?){10} and 20 more, and/,
        );
      });

      test("keeps running with keepProcesses, through further actions and restarts of the agent", options, async () => {
        const end = await keep("kept");
        const pid = pidIn("kept");
        const note = `The script left 1 process running: ${pid} (sleep), as keepProcesses allows.`;
        assert.deepEqual([end.outcome, end.errors], ["completed", [note]]);
        assert.equal(end.transcript?.script_errors, `[halligan: ${note}]\n`);
        assert.ok(isAlive(pid));
        // An action that cleans up after itself leaves it alone.
        const next = await agent.run(`${daemon("ended")}echo next\n`);
        assert.deepEqual(
          [next.transcript?.script_output, isAlive(pid), isAlive(pidIn("ended"))],
          ["next\n", true, false],
        );
        await agent.restart();
        assert.ok(isAlive(pid), "a crash of the agent ended it");
        // No journal says any more what an earlier agent process started.
        agent.process?.kill("SIGKILL");
        await agent.process?.exited;
        rmSync(path.join(agent.root, "journal.jsonl"));
        await agent.restart();
        assert.ok(isAlive(pid), "a lost journal ended it");
        const another = await keep("another");
        assert.deepEqual([another.outcome, isAlive(pid), isAlive(pidIn("another"))], ["completed", true, true]);
      });

      test("may go on writing to the output of its script, which ends there", options, async () => {
        const text = `(echo $BASHPID > ${file("writer")}; while :; do echo tick; : >> ${file("beat")}; sleep 0.02; done) &\nsleep 0.1\n`;
        const end = await keep("writer", text);
        assert.match(end.transcript?.script_output ?? "", /^(tick\n)+$/);
        rmSync(file("beat"));
        await until(() => existsSync(file("beat")), "the start of the script");
        rmSync(file("beat"));
        const other = await agent.run("echo other\n");
        assert.equal(other.transcript?.script_output, "other\n");
        await until(() => existsSync(file("beat")), "the start of the script");
        assert.ok(isAlive(pidIn("writer")));
      });

      test("is ended all the same when the script is stopped at its time limit", options, async () => {
        const text = `${daemon("late")}sleep 1000\n`;
        const end = await agent.run(text, { scriptTimeoutMs: 500 }, { keepProcesses: true });
        assert.deepEqual([end.outcome, end.errors.length, isAlive(pidIn("late"))], ["failed", 1, false]);
      });

      test("is ended when the agent died before the script's end", options, async () => {
        const text = `${daemon("orphan")}echo $$ > ${file("script")}\nsleep 1000\n`;
        const running = agent.run(text, {}, { keepProcesses: true });
        await until(() => isWritten("script"), "the start of the script");
        await agent.restart();
        const end = await running;
        assert.match(end.errors.join(), /^Interrupted/);
        assert.deepEqual([isAlive(pidIn("orphan")), isAlive(pidIn("script"))], [false, false]);
      });

      test("leaves no note and no trace when nothing was left", options, async () => {
        const end = await agent.run("echo a; sleep 0.01 &\nwait\n", {}, { keepProcesses: true });
        assert.deepEqual([end.outcome, end.errors, end.transcript?.script_errors], ["completed", [], ""]);
      });
    });
  }
}
