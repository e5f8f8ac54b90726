import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { commandWorld } from "../support/command-world.ts";
import { livingPids, run } from "../support/scripts.ts";

const options = { timeout: 60_000, skip: process.platform === "win32" ? "needs a POSIX shell" : false };

test("output and errors come apart, a non-zero exit is completed with its true code", options, async () => {
  await using world = await commandWorld();
  const end = await run(world, "echo out; echo err >&2; exit 7\n");
  assert.deepEqual([end.outcome, end.exitCode, end.errors], ["completed", 7, []]);
  assert.deepEqual([end.transcript?.script_output, end.transcript?.script_errors], ["out\n", "err\n"]);
});

test("a script that a signal ends has 128 and the signal's number", options, async () => {
  await using world = await commandWorld();
  const end = await run(world, "kill -9 $$\n");
  assert.deepEqual([end.outcome, end.exitCode], ["completed", 137]);
});

test(
  "the script sees its arguments unevaluated, its folder and its action, but no enrollment token",
  options,
  async () => {
    await using world = await commandWorld();
    const text = 'printf "%s\\n" "$@"; pwd; echo "$HALLIGAN_WORKDIR"; env | grep -c HALLIGAN_ENROLLMENT; cat\n';
    const end = await run(world, text, { args: `'a b' $HOME ;id "q"` });
    const { work } = world.folder;
    assert.equal(end.transcript?.script_output, `a b\n$HOME\n;id\nq\n${work}\n${work}\n0\n`);
  },
);

test(
  "a '#!' line decides what runs the script; the errors for a wrong line and an unknown ending are clear",
  options,
  async () => {
    await using world = await commandWorld();
    const node = await run(world, `#!${process.execPath}\nconsole.log(process.argv[2])\n`, {
      name: "x.mjs",
      args: "hi",
    });
    assert.equal(node.transcript?.script_output, "hi\n");
    const wrong: [string, string, RegExp][] = [
      ["#!/bin/sh\r\necho\r\n", "a.sh", /Windows line ends/],
      ["#!/no/such/thing\n", "a.sh", /no program \/no\/such\/thing/],
      ["puts 1\n", "a.lua", /does not know what runs a script named '\*\.lua'/],
    ];
    for (const [text, name, expected] of wrong) {
      const end = await run(world, text, { name });
      assert.deepEqual([end.outcome, end.ran], ["failed", false]);
      assert.match(end.errors[0] ?? "", expected);
    }
  },
);

test("a root agent runs nothing from a PATH folder that others can write to", {
  ...options,
  skip: options.skip || (process.geteuid?.() === 0 ? false : "only a root agent leaves such folders out"),
}, async () => {
  const open = await mkdtemp(path.join(tmpdir(), "halligan-open-"));
  try {
    for (const name of ["bash", "uname"]) {
      await writeFile(path.join(open, name), "#!/bin/sh\necho planted\n", { mode: 0o755 });
    }
    await chmod(open, 0o777);
    const env = { PATH: `${open}:/usr/bin:/bin`, HALLIGAN_AGENT_SCRIPT_ENV: "PATH" };
    await using world = await commandWorld({ env });
    const { transcript } = await run(world, "uname; echo $PATH\n");
    assert.match(transcript?.script_output ?? "", /^(?!planted).+\n\/usr\/bin:\/bin\n$/);
  } finally {
    await rm(open, { recursive: true, force: true });
  }
});

test("a script that is not in the library fails with that reason", options, async () => {
  await using world = await commandWorld();
  assert.deepEqual((await run(world, null)).errors, ["The library has no file named 'a.sh'."]);
});

test("a script name that climbs out of its folder stays in it", options, async () => {
  await using world = await commandWorld();
  const end = await run(world, "echo $0\n", { name: "../../../evil.sh" });
  assert.equal(end.transcript?.script_output, `${path.join(world.folder.scripts, "1-0", "script.sh")}\n`);
});

test(
  "at its time limit the whole tree is ended, with what made a session of its own and ignores SIGTERM",
  options,
  async () => {
    await using world = await commandWorld();
    const pids = path.join(world.temporary, "pids");
    const text = `
trap '' TERM
echo begun
setsid bash -c 'trap "" TERM; echo $$ >> ${pids}; (sleep 1000 & echo $! >> ${pids}); sleep 1000' &
(setsid sleep 1000 & echo $! >> ${pids})
echo $$ >> ${pids}
sleep 1000
`;
    const end = await run(world, text, { limits: { scriptTimeoutMs: 1000 } });
    assert.deepEqual(
      [end.outcome, end.errors, end.leftovers],
      ["failed", ["The script did not end within 1 second and was stopped."], []],
    );
    assert.equal(end.transcript?.script_output, "begun\n");
    assert.deepEqual(livingPids(pids), []);
  },
);

test("a background child that holds the output does not hold up the end, and is ended", options, async () => {
  await using world = await commandWorld();
  const pids = path.join(world.temporary, "pids");
  const end = await run(world, `setsid sleep 1000 & echo $! >> ${pids}; echo done\n`);
  assert.deepEqual([end.outcome, end.exitCode, end.transcript?.script_output], ["completed", 0, "done\n"]);
  assert.deepEqual(livingPids(pids), []);
});

test("more output than the limit is dropped, the script goes on, and the text says so", options, async () => {
  await using world = await commandWorld();
  const done = path.join(world.temporary, "done");
  const end = await run(world, `head -c 3000000 /dev/zero | tr '\\0' x; touch ${done}\n`, {
    limits: { outputLimitBytes: 1000 },
  });
  assert.deepEqual([end.outcome, end.errors], ["completed", ["stdout was cut: 1,000 of 3,000,000 bytes kept."]]);
  assert.equal(end.transcript?.script_output, `${"x".repeat(1000)}\n[halligan: output cut off after 1000 bytes]\n`);
  assert.ok(existsSync(done));
});

test("before its grant everything is there but the process; cancelled then, nothing of it stays", options, async () => {
  await using world = await commandWorld();
  const cancel = new AbortController();
  const done = path.join(world.temporary, "done");
  const asked = Promise.withResolvers<void>();
  const granted = Promise.withResolvers<void>();
  cancel.signal.addEventListener("abort", () => granted.reject(cancel.signal.reason));
  const running = run(world, `touch ${done}\n`, {
    signal: cancel.signal,
    granted: () => {
      asked.resolve();
      return granted.promise;
    },
  });
  await asked.promise;
  assert.ok(existsSync(path.join(world.folder.scripts, "1-0", "a.sh")));
  assert.equal(world.deps.cgroups.all().length, world.cgroupHome ? 1 : 0);
  cancel.abort("cancelled");
  const end = await running;
  assert.deepEqual([end.outcome, end.ran, existsSync(done)], ["failed", false, false]);
  assert.equal(world.deps.cgroups.all().length, 0);
});

test("cancelled, it is ended and what it wrote so far is kept", options, async () => {
  await using world = await commandWorld();
  const cancel = new AbortController();
  const ready = path.join(world.temporary, "ready");
  const running = run(world, `echo so far; touch ${ready}; sleep 1000\n`, { signal: cancel.signal });
  await until(() => existsSync(ready), "the start of the script");
  cancel.abort("cancelled");
  const end = await running;
  assert.deepEqual([end.outcome, end.errors], ["failed", ["Cancelled before it ended."]]);
  assert.equal(end.transcript?.script_output, "so far\n");
});

test(
  "a script that removes its working folder, or opens it to all, does not spoil it for the next one",
  options,
  async () => {
    await using world = await commandWorld();
    assert.equal((await run(world, 'chmod 777 "$HALLIGAN_WORKDIR"\n')).exitCode, 0);
    assert.equal(
      (await run(world, 'stat -c %a "$PWD"; rm -rf "$HALLIGAN_WORKDIR"\n')).transcript?.script_output,
      "700\n",
    );
    assert.equal((await run(world, "pwd\n")).transcript?.script_output, `${world.folder.work}\n`);
  },
);
