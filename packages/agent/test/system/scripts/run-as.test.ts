/** A script with `runAs` is the user's own process, and nothing of root's is open to it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { RUN_AS, RUN_AS_NEEDS_ROOT } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { RUNTIMES } from "../../support/agent-process.ts";
import { cgroupKinds } from "../../support/cgroup-kinds.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";
import { type MadeUser, madeUser } from "../../support/made-user.ts";
import { isAlive } from "../../support/scripts.ts";

// Each restart of an agent takes seconds on a busy device.
const timeout = 180_000;
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
const noCgroup = cgroupKinds().every(({ skip }) => skip !== false);
/** What an agent of root may have in its environment. */
const env = { SECRET: "s", HALLIGAN_AGENT_SCRIPT_ENV: "PASSED", PASSED: "of root" };

const lines = (text: string | undefined) => (text ?? "").trimEnd().split("\n");
const ownFolders = (agent: EnrolledAgent) =>
  readdirSync("/tmp").filter((name) => name.startsWith(`halligan-run-${agent.server.machineId.slice(0, 16)}`));

for (const runtime of RUNTIMES) {
  const missing = !runtime.isThere ? `${runtime.name} is not installed` : process.platform !== "linux" && "Linux only";
  const skip = missing || (!isRoot && "needs root");
  describe(`runAs under ${runtime.name}`, { skip }, () => {
    let user: MadeUser;
    let agent: EnrolledAgent;
    before(async () => {
      user = await madeUser();
      agent = await EnrolledAgent.start(runtime.file, { env });
    });
    after(async () => {
      await agent?.[Symbol.asyncDispose]();
      await user?.[Symbol.asyncDispose]();
    });

    test("starts the script with ids, groups and environment of a login", { timeout }, async () => {
      assert.ok((await agent.server.frame("hello")).features?.includes(RUN_AS));
      const text =
        "id -u; id -G; grep -E '^(Uid|Gid|CapPrm|CapEff|CapInh|CapAmb|Seccomp|SigBlk)' /proc/self/status; pwd; umask; env";
      const end = await agent.run(text, {}, { runAs: user.name });
      assert.deepEqual([end.outcome, end.errors, end.transcript?.script_errors], ["completed", [], ""]);
      const [uid, groups, ...rest] = lines(end.transcript?.script_output);
      assert.equal(uid, String(user.uid));
      assert.deepEqual(groups?.split(" ").toSorted(), user.groups.split(" ").toSorted());
      const status = rest.filter((line) => /^\w+:\t/.test(line));
      assert.ok(status.includes(`Uid:\t${Array(4).fill(user.uid).join("\t")}`), status.join());
      assert.ok(status.includes(`Gid:\t${Array(4).fill(user.gid).join("\t")}`), status.join());
      for (const line of status.filter((one) => one.startsWith("Cap"))) assert.match(line, /\t0+$/);
      assert.ok(rest.includes(user.home) && rest.includes("0022"));
      const variables = rest.filter((line) => /^\w+=/.test(line) && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line));
      assert.deepEqual(
        variables.map((line) => line.replace(/^(HALLIGAN_\w+)=.*/, "$1")).toSorted(),
        [
          "HALLIGAN_ACTION_ID",
          "HALLIGAN_COMMAND_INDEX",
          "HALLIGAN_MACHINE_ID",
          "HALLIGAN_WORKDIR",
          `HOME=${user.home}`,
          "LANG=C.UTF-8",
          `LOGNAME=${user.name}`,
          `PATH=${/^ENV_PATH\s+PATH=(\S+)/m.exec(readFileSync("/etc/login.defs", "utf8"))?.[1]}`,
          "SHELL=/bin/bash",
          "TMPDIR=/tmp",
          `USER=${user.name}`,
        ].toSorted(),
      );
    });

    test("lets it read its own file, and neither change that nor see the agent's data", { timeout }, async () => {
      const text = `
        cat "$0" > /dev/null && echo read
        (echo x >> "$0") 2> /dev/null || echo closed file
        (echo x > "$(dirname "$0")/x") 2> /dev/null || echo closed folder
        (echo x > "$HALLIGAN_WORKDIR/x") 2> /dev/null || echo closed work
        mv "$0" "$0.x" 2> /dev/null || echo no rename
        ls ${agent.root} 2> /dev/null || echo closed data
        cat ${agent.root}/* ${agent.root}/spool/* 2> /dev/null || echo closed files
        kill -0 $PPID 2> /dev/null || echo no signal
        for fd in /proc/$$/fd/*; do fd=\${fd##*/}; [ "$fd" -lt 3 ] || [ "$fd" -gt 250 ] || readlink "/proc/$$/fd/$fd"; done
        echo out > /dev/stdout; echo err > /dev/stderr`;
      const end = await agent.run(text, {}, { runAs: user.name, scriptName: "a" });
      assert.deepEqual(
        // The shell reads its own script through one of them.
        lines(end.transcript?.script_output).filter((line) => !/^\/tmp\/halligan-run-.*\/a$/.test(line)),
        [
          ...["read", "closed file", "closed folder", "closed work", "no rename", "closed data", "closed files"],
          ...["no signal", "out"],
        ],
      );
      assert.equal(end.transcript?.script_errors, "err\n");
      assert.deepEqual(ownFolders(agent), []);
      const spool = readdirSync(path.join(agent.root, "spool"));
      for (const name of spool) assert.equal(statSync(path.join(agent.root, "spool", name)).uid, 0);
    });

    test("fails before anything runs when the device has no such user", { timeout }, async () => {
      const marker = path.join(agent.folder.path, "ran");
      const end = await agent.run(`touch ${marker}`, {}, { runAs: "no-such-user-here" });
      assert.equal(end.outcome, "failed");
      assert.match(end.errors.join(), /has no user 'no-such-user-here', so the script was not run/);
      assert.equal(end.transcript, null);
      assert.throws(() => statSync(marker));
    });

    test("the time limit and a cancel end the whole tree of the user", { timeout }, async () => {
      for (const cgroup of noCgroup ? ["none"] : [undefined, "none"]) {
        await agent.restart(cgroup === undefined ? {} : { env: { ...env, HALLIGAN_AGENT_CGROUP: cgroup } });
        for (const how of ["time limit", "cancel"] as const) {
          const file = path.join(user.home, `pids-${how.slice(0, 1)}`);
          const text = `trap '' TERM; setsid sh -c 'echo $$ >> ${file}; trap "" TERM HUP; sleep 1000; sleep 1000' < /dev/null > /dev/null 2>&1 &
            sleep 1000 & echo $! >> ${file}; echo $$ >> ${file}; wait; wait; sleep 1000`;
          const order = agent.server.order(
            [
              {
                index: 0,
                type: "RunScript",
                scriptName: "a.sh",
                args: null,
                file: agent.server.addFile(text),
                runAs: user.name,
              },
            ],
            how === "time limit" ? { scriptTimeoutMs: 1_500 } : {},
          );
          agent.server.sendOrder(order);
          const pids = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : []);
          await until(() => pids().length === 3, "the pids of the tree");
          for (const pid of pids()) assert.equal(statSync(`/proc/${pid}`).uid, user.uid);
          if (how === "cancel") agent.server.send({ type: "end", actionId: order.actionId, orderSeq: order.orderSeq });
          const reply = how === "cancel" ? "closed" : "ended";
          await agent.server.frame(reply, (frame) => frame.orderSeq === order.orderSeq);
          assert.deepEqual(pids().filter(isAlive), [], `${how}, cgroup ${cgroup}`);
          rmSync(file);
          assert.deepEqual(ownFolders(agent), []);
        }
      }
    });

    test("what a killed agent left for the user is removed at the next start", { timeout }, async () => {
      const file = agent.server.addFile("sleep 1000");
      const script = { index: 0, type: "RunScript", scriptName: "a.sh", args: null, file, runAs: user.name } as const;
      agent.server.sendOrder(agent.server.order([script], {}));
      await until(() => ownFolders(agent).length === 1, "the folder of the user");
      await agent.restart();
      await until(() => ownFolders(agent).length === 0, "the removal of the folder");
    });

    test("an agent that is not root says so, and runs nothing", { timeout }, async () => {
      await using other = await EnrolledAgent.start(runtime.file, { uid: NOBODY });
      assert.ok((await other.server.frame("hello")).features?.includes(RUN_AS_NEEDS_ROOT));
      for (const runAs of ["nobody", "root"]) {
        const end = await other.run("id > /tmp/never", {}, { runAs });
        assert.equal(end.outcome, "failed");
        assert.match(end.errors.join(), /was not run: the agent does not run as root/);
        assert.equal(end.transcript, null);
      }
    });
  });
}
