/** What a script finds is the same however its agent was started. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { AgentProcess, type AgentStart, RUNTIMES } from "../../support/agent-process.ts";
import { cgroupKinds } from "../../support/cgroup-kinds.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";

const options = { timeout: 60_000 };
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
const noCgroup = cgroupKinds().every(({ skip }) => skip !== false);

/** Prints all that a process inherits. */
const TEXT = `#!/bin/sh
env -0 | sort -z | tr '\\0' '\\n'
echo "umask $(umask) files $(ulimit -Sn) folder $(pwd) input $(readlink /proc/self/fd/0)"
grep -E '^Sig(Blk|Ign)' /proc/self/status
for fd in /proc/$$/fd/*; do echo "descriptor \${fd##*/}"; done
`;

/** Without what differs from action to action, and what a shell itself adds. */
function inherited(output: string | undefined, root: string): string[] {
  return (
    (output ?? "")
      .replaceAll(root, "DATA")
      .split("\n")
      // The shell reads its script and this folder through 10 and 3.
      .filter((line) => !/^descriptor (3|10)$/.test(line))
      .filter((line) => !/^(HALLIGAN_(ACTION|MACHINE)_ID|PWD|OLDPWD|SHLVL|_)=/.test(line))
  );
}

for (const runtime of RUNTIMES) {
  const skip = !runtime.isThere
    ? `${runtime.name} is not installed`
    : process.platform === "linux"
      ? false
      : "reads /proc";
  describe(`what a script finds under ${runtime.name}`, { skip }, () => {
    async function found(start: AgentStart): Promise<string[]> {
      await using agent = await EnrolledAgent.start(runtime.file, start);
      const end = await agent.run(TEXT, {}, { scriptName: "a" });
      assert.deepEqual([end.outcome, end.errors, end.transcript?.script_errors], ["completed", [], ""]);
      return inherited(end.transcript?.script_output, agent.root);
    }

    test("is the documented list, and nothing of the agent's own", options, async () => {
      const home = isRoot ? "/root" : process.env.HOME;
      const user = isRoot ? "root" : process.env.USER;
      const expected = [
        "HALLIGAN_COMMAND_INDEX=0",
        "HALLIGAN_WORKDIR=DATA/work",
        `HOME=${home}`,
        "LANG=C.UTF-8",
        `LOGNAME=${user}`,
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL=/bin/sh",
        "TMPDIR=/tmp",
        `USER=${user}`,
        "umask 0022 files 1024 folder DATA/work input /dev/null",
        "SigBlk:\t0000000000000000",
        "SigIgn:\t0000000000000000",
        "descriptor 0",
        "descriptor 1",
        "descriptor 2",
        "",
      ];
      const out = await found({ env: { SECRET: "s", npm_config_x: "1", HTTPS_PROXY: "http://user:password@proxy" } });
      assert.deepEqual(out, expected);
    });

    test("does not depend on how the agent was started, nor on whether it has cgroups", options, async () => {
      const plain = await found({});
      // With nothing at all, as under a service manager; with other settings, as by hand under
      // nohup.
      const bare = { HALLIGAN_AGENT_CGROUP: noCgroup ? "" : "none" };
      assert.deepEqual(await found({ isEnvWhole: true, env: bare }), plain);
      // Node itself closes the first inherited descriptors up to a gap, so these have high numbers.
      const odd =
        'umask 077; ulimit -Sn 400; trap \'\' HUP PIPE INT USR1; cd /; exec 40> /dev/null 200< /dev/null; exec "$0" "$@"';
      const env = {
        HOME: "/nowhere",
        USER: "other",
        LANG: "de_DE",
        LC_ALL: "POSIX",
        TMPDIR: "/var/tmp",
        BASH_ENV: "/x",
      };
      assert.deepEqual(await found({ env, before: ["/bin/bash", "-c", odd] }), plain);
    });

    test("is that of the agent's account when it is another one than root", {
      ...options,
      skip: isRoot ? false : "needs root to start",
    }, async () => {
      const lines = await found({ uid: NOBODY });
      const [, home] = /^nobody:(?:[^:]*:){4}([^:]*):/m.exec(readFileSync("/etc/passwd", "utf8")) ?? [];
      assert.ok(lines.includes("USER=nobody") && lines.includes("LOGNAME=nobody"), lines.join("\n"));
      assert.ok(lines.includes(`HOME=${home}`), lines.join("\n"));
    });

    test(
      "has the names of the setting as well; a setting that is none stops the agent with the rule",
      options,
      async () => {
        const env = {
          HALLIGAN_AGENT_SCRIPT_ENV: "PROXY_FOR_SCRIPTS, EMPTY",
          PROXY_FOR_SCRIPTS: "http://proxy",
          EMPTY: "",
        };
        const lines = await found({ env });
        assert.ok(lines.includes("PROXY_FOR_SCRIPTS=http://proxy") && lines.includes("EMPTY="), lines.join("\n"));
        assert.ok(!lines.some((line) => line.startsWith("HALLIGAN_AGENT")));
        await using agent = await EnrolledAgent.start(runtime.file);
        agent.process?.kill("SIGTERM");
        await agent.process?.exited;
        const wrong = { env: { HALLIGAN_AGENT_SCRIPT_ENV: "A;B" } };
        await using refused = new AgentProcess(runtime.file, ["run", "--data", agent.root], wrong);
        assert.equal(await refused.exited, 1);
        assert.match(refused.output, /HALLIGAN_AGENT_SCRIPT_ENV lists names of variables.*'A;B' is not a name/);
        assert.equal(existsSync(path.join(agent.root, "agent.lock")), false);
      },
    );
  });
}
