import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RUNTIMES } from "../../support/agent-process.ts";
import { EnrolledAgent } from "../../support/enrolled-agent.ts";

const options = { timeout: 60_000, skip: process.platform === "linux" ? false : "opens /dev/stdout by name" };
const NOBODY = 65_534;
const accounts = [
  { account: "the tests' own account", uid: null, isThere: true },
  { account: "another account than root", uid: NOBODY, isThere: process.geteuid?.() === 0 },
];

/**
 * What a script does, and what it writes to its output and to its errors. All of them run under
 * `set -e`.
 */
const CASES: readonly (readonly [script: string, output: string, errors: string])[] = [
  ["echo x > /dev/stderr; echo end", "end\n", "x\n"],
  ["echo a; echo x > /dev/stdout; echo end", "a\nx\nend\n", ""],
  ["echo a >> /dev/stdout; echo b >> /dev/stderr", "a\n", "b\n"],
  ["echo x | tee /dev/stderr", "x\n", "x\n"],
  ["echo x | tee -a /dev/stderr; echo y | tee /dev/stdout", "x\ny\ny\n", "x\n"],
  ["printf file > f; cp f /dev/stdout; cp f /dev/stderr; cat f > /dev/stdout", "filefile", "file"],
  ["dd if=/etc/hostname of=/dev/stdout bs=1 count=0 status=none; printf x | dd of=/dev/stderr status=none", "", "x"],
  [
    'python3 -c \'f = open("/dev/stdout", "w"); f.write("py"); f.close(); open("/dev/stderr", "wb").write(b"e")\'',
    "py",
    "e",
  ],
  ['perl -e \'open(F, ">", "/dev/stderr") or die; print F "p"; close F; print "o"\'', "o", "p"],
  ["echo x > /proc/self/fd/1; echo y > /proc/self/fd/2", "x\n", "y\n"],
  ["echo x > /proc/$$/fd/1; echo y > /dev/fd/2", "x\n", "y\n"],
  ["exec 3> /dev/stdout; echo three >&3; (echo sub > /dev/stdout)", "three\nsub\n", ""],
  [
    'awk \'BEGIN { print "a"; print "b" > "/dev/stderr"; close("/dev/stderr") }\'; sed -n \'w /dev/stderr\' /dev/null',
    "a\n",
    "b\n",
  ],
  ["for n in 1 2 3 4 5; do echo $n; echo $n > /dev/stdout; done", "1\n1\n2\n2\n3\n3\n4\n4\n5\n5\n", ""],
  ["exec > >(sed s/a/b/); echo a", "b\n", ""],
  ["test -p /dev/stdout; test -p /dev/stderr; cat; readlink /proc/self/fd/0", "/dev/null\n", ""],
  ["exec >&-; exec 2>&-; : ", "", ""],
  ["for n in $(seq 300); do printf x; done; printf '\\n\\0\\001' ", `${"x".repeat(300)}\n\0\u0001`, ""],
  ["head -c 300000 /dev/zero | tr '\\0' y | tee /dev/stderr", "y".repeat(300_000), "y".repeat(300_000)],
];

for (const runtime of RUNTIMES) {
  for (const { account, uid, isThere } of accounts) {
    const skip = !runtime.isThere ? `${runtime.name} is not installed` : isThere ? options.skip : "needs root to start";
    describe(`a script's output and errors under ${runtime.name}, with ${account}`, { skip }, () => {
      let agent: EnrolledAgent;
      before(async () => {
        agent = await EnrolledAgent.start(runtime.file, { uid });
      });
      after(() => agent[Symbol.asyncDispose]());

      for (const [text, output, errors] of CASES) {
        test(`are what it wrote: ${text}`, options, async () => {
          const end = await agent.run(`set -e\n${text}\n`);
          assert.deepEqual([end.transcript?.script_output, end.transcript?.script_errors], [output, errors]);
          assert.deepEqual([end.outcome, end.errors, end.transcript?.exit_code], ["completed", [], 0]);
        });
      }

      // Only root can become another account; the agent of another account has no such case.
      if (uid === null) {
        test("are pipes that a program of another account may open by name as well", {
          ...options,
          skip: process.geteuid?.() === 0 ? options.skip : "needs root",
        }, async () => {
          const text = `setpriv --reuid=${NOBODY} --clear-groups /bin/sh -ec 'echo x > /dev/stdout; echo y > /dev/stderr'\n`;
          const { transcript } = await agent.run(text);
          assert.deepEqual([transcript?.script_output, transcript?.script_errors], ["x\n", "y\n"]);
        });
      }

      test("do not hold up a script that writes on after its reader has its limit", options, async () => {
        const end = await agent.run("yes | head -c 5000000 > /dev/stdout; echo end >&2\n", { outputLimitBytes: 10 });
        const cut = "y\ny\ny\ny\ny\n\n[halligan: output cut off after 10 bytes]\n";
        assert.deepEqual([end.transcript?.script_output, end.transcript?.script_errors], [cut, "end\n"]);
      });

      test("leave no descriptor of the agent open, however many scripts ran", options, async () => {
        const count = `ls /proc/$(awk '/^PPid/ { print $2 }' /proc/$$/status)/fd | wc -l\n`;
        const before = Number((await agent.run(count)).transcript?.script_output);
        const scripts = 10;
        for (let n = 0; n < scripts; n++) await agent.run("echo x; echo y >&2\n");
        // Connections to the server come and go. A leak is one descriptor for each script at least.
        const after = Number((await agent.run(count)).transcript?.script_output);
        assert.ok(after < before + scripts, `${before} descriptors before, ${after} after`);
      });
    });
  }
}
