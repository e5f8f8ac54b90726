/** Scripts that do with their processes and streams what few scripts do. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { RUNTIMES } from "../../support/agent-process.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";
import { isAlive } from "../../support/scripts.ts";

const options = { timeout: 60_000 };
const onLinux = process.platform === "linux" ? false : "reads /proc";

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? onLinux : `${runtime.name} is not installed`;
  describe(`an odd script under ${runtime.name}`, { skip }, () => {
    let agent: EnrolledAgent;
    before(async () => {
      agent = await EnrolledAgent.start(runtime.file);
    });
    after(() => agent[Symbol.asyncDispose]());
    const file = (name: string) => path.join(agent.folder.path, name);

    test("that reads its input finds it empty", options, async () => {
      const end = await agent.run("read line || echo none; cat; wc -c < /dev/stdin\n");
      assert.deepEqual([end.transcript?.script_output, end.errors], ["none\n0\n", []]);
    });

    test(
      "that daemonizes by forking twice is over when its first process is, and the daemon is named",
      options,
      async () => {
        const text = `(cd / && setsid sh -c 'sh -c "echo \\$\\$ > ${file("daemon")}; exec sleep 1000" < /dev/null > /dev/null 2>&1 &')\n`;
        const end = await agent.run(`${text}until [ -s ${file("daemon")} ]; do sleep 0.01; done; echo over\n`);
        const pid = Number(readFileSync(file("daemon"), "utf8"));
        assert.equal(end.transcript?.script_output, "over\n");
        assert.match(end.errors.join(), new RegExp(`^The script left 1 process running: ${pid} \\((sleep|sh)\\), and`));
        assert.equal(isAlive(pid), false);
      },
    );

    test("that closes its streams early runs to its own end", options, async () => {
      const end = await agent.run(`echo early; exec > /dev/null 2>&1; sleep 0.1; touch ${file("closed")}; exit 4\n`);
      assert.deepEqual([end.transcript?.script_output, end.transcript?.exit_code], ["early\n", 4]);
      assert.ok(existsSync(file("closed")));
      const both = await agent.run("exec >&- 2>&-; sleep 0.1; exit 5\n");
      assert.deepEqual([both.transcript?.script_output, both.transcript?.exit_code, both.errors], ["", 5, []]);
    });

    test("with a child that writes after its parent ended has that output too", options, async () => {
      const end = await agent.run("(sleep 0.2; echo late; echo late >&2) & echo first\n");
      assert.deepEqual([end.transcript?.script_output, end.transcript?.script_errors], ["first\nlate\n", "late\n"]);
      assert.deepEqual(end.errors, []);
    });

    test("that writes one line of a megabyte, or one byte at a time, has all of it", options, async () => {
      const long = await agent.run("head -c 1000000 /dev/zero | tr '\\0' z\n");
      assert.equal(long.transcript?.script_output, "z".repeat(1_000_000));
      const slow = await agent.run("for n in $(seq 2000); do printf x; printf y >&2; done\n");
      assert.deepEqual(
        [slow.transcript?.script_output, slow.transcript?.script_errors],
        ["x".repeat(2_000), "y".repeat(2_000)],
      );
    });

    test("that writes bytes which are no text has U+FFFD in their place, and the rest unchanged", options, async () => {
      const end = await agent.run("printf 'a\\377b\\0c\\303\\251\\360\\237'; printf '\\000\\001' > /dev/stderr\n");
      assert.deepEqual(
        [end.transcript?.script_output, end.transcript?.script_errors],
        ["a\ufffdb\0c\u00e9\ufffd", "\0\u0001"],
      );
    });

    test("that leaves zombies, or kills its own process group, is over and the agent goes on", options, async () => {
      const zombies = await agent.run("for n in 1 2 3; do (exit 3) & done; exec sleep 0.1\n");
      assert.deepEqual([zombies.outcome, zombies.errors, zombies.transcript?.exit_code], ["completed", [], 0]);
      const killed = await agent.run("echo a; sleep 1000 & kill -9 0; echo never\n");
      assert.deepEqual([killed.outcome, killed.transcript?.script_output], ["completed", "a\n"]);
      assert.equal(killed.transcript?.exit_code, 137);
      const ended = await agent.run("trap '' HUP; kill -TERM 0; echo never\n");
      assert.deepEqual([ended.transcript?.script_output, ended.transcript?.exit_code], ["", 143]);
    });

    test("that starts a program of another account is ended with it", {
      ...options,
      skip: process.geteuid?.() === 0 ? false : "needs root",
    }, async () => {
      const other = `setpriv --reuid=65534 --clear-groups sh -c 'echo other; echo $$; exec sleep 1000'`;
      const end = await agent.run(`${other} &\nsleep 0.3\n`);
      const [name, pid] = (end.transcript?.script_output ?? "").split("\n");
      assert.equal(name, "other");
      assert.match(end.errors.join(), new RegExp(`^The script left 1 process running: ${pid} \\(sleep\\), and`));
      assert.equal(isAlive(Number(pid)), false);
    });

    test("that removes or replaces the named pipes does no harm to the next one", options, async () => {
      const pipes = path.join(agent.root, "pipes");
      for (const text of [
        `rm -rf ${pipes}\n`,
        `for f in ${pipes}/*; do rm -f $f; echo evil > $f; done\n`,
        `for f in ${pipes}/*; do rm -f $f; ln -s /etc/passwd $f; done\n`,
        `for f in ${pipes}/*; do rm -f $f; mkdir $f; done; chmod 777 ${pipes}\n`,
        `rm -rf ${pipes}; echo file > ${pipes}\n`,
        `rm -rf ${pipes}; ln -s /tmp ${pipes}\n`,
      ]) {
        await agent.run(text);
        const end = await agent.run("echo x > /dev/stdout; echo y > /dev/stderr\n");
        assert.deepEqual([end.transcript?.script_output, end.transcript?.script_errors], ["x\n", "y\n"], text);
        assert.equal(statSync(pipes).mode & 0o777, 0o700);
      }
    });
  });
}
