import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { RUN_AS_NEEDS_ROOT, RUN_AS_NEEDS_SETPRIV } from "@halligan/protocol/link";
import { parseAccount, parseGroups } from "../../src/process/run-as/device-user.ts";
import { pathOf } from "../../src/process/run-as/login-path.ts";
import { commandWorld } from "../support/command-world.ts";
import { run, type World } from "../support/scripts.ts";

const isRoot = process.platform === "linux" && process.geteuid?.() === 0;
const options = { timeout: 60_000, skip: isRoot ? false : "needs root on Linux" };
const USER = "nobody";
const leftFolders = (world: World) =>
  readdirSync("/tmp").filter((name) => name.startsWith(`halligan-run-${world.deps.machineId.slice(0, 16)}`));

test("an entry of a user has numbers, and a home and a shell as login fills them in", () => {
  const alice = { name: "alice", uid: 1000, gid: 1001, home: "/home/alice", shell: "/bin/zsh" };
  assert.deepEqual(parseAccount("alice:x:1000:1001:Alice,,,:/home/alice:/bin/zsh\nmore"), alice);
  assert.deepEqual(parseAccount("alice:x:1000:1001:::\n"), { ...alice, home: "/", shell: "/bin/sh" });
  for (const wrong of [
    "",
    "alice:x:1000:1001",
    "alice:x::1001:a:/h:/s",
    "alice:x:-1:1001:a:/h:/s",
    "alice:x:4294967295:1001:a:/h:/s",
    "alice:x:1:1x:a:/h:/s",
    "alice:x:1:1:a:/h:/s:more",
    ":x:1:1:a:/h:/s",
  ]) {
    assert.equal(parseAccount(wrong), null, wrong);
  }
  assert.deepEqual(parseGroups("1001 27 4294967294\n"), [1001, 27, 4_294_967_294]);
  for (const wrong of ["", "1 x", "-1", "4294967295"]) assert.equal(parseGroups(wrong), null, wrong);
});

test("PATH is that of login.defs, for root another one", () => {
  const text = "# ENV_PATH PATH=/no\nENV_SUPATH\tPATH=/sbin:/bin\n  ENV_PATH   PATH=/u/bin:/bin\n";
  assert.deepEqual([pathOf(text, false), pathOf(text, true)], ["/u/bin:/bin", "/sbin:/bin"]);
  assert.equal(pathOf("ENV_PATH /a:/b\n", false), "/a:/b");
  assert.equal(pathOf("", false), "/usr/local/bin:/usr/bin:/bin");
});

test("an agent that cannot change the user runs nothing, and says why", options, async () => {
  for (const [runAs, message] of [
    [null, /was to run as 'nobody' and was not run: the agent changes the user on Linux only\./],
    [RUN_AS_NEEDS_ROOT, /the agent does not run as root/],
    [RUN_AS_NEEDS_SETPRIV, /cannot use setpriv\. Install util-linux/],
  ] as const) {
    await using world = await commandWorld({ runAs });
    const end = await run(world, `touch ${world.temporary}/ran`, { runAs: USER });
    assert.deepEqual([end.outcome, end.ran], ["failed", false]);
    assert.match(end.errors.join(), message);
    assert.ok(!existsSync(path.join(world.temporary, "ran")));
  }
});

test(
  "files that the action has put there before are readable and executable in its working folder",
  options,
  async () => {
    await using world = await commandWorld();
    const { work } = world.folder;
    writeFileSync(path.join(work, "tool"), "#!/bin/sh\necho tool as $(id -un)\n", { mode: 0o700 });
    writeFileSync(path.join(work, "of-another-action"), "secret", { mode: 0o600 });
    const file = { sha256: "0".repeat(64), sizeBytes: 1 };
    const earlier = [
      { index: 0, type: "PutFile", fileName: "tool", file },
      { index: 1, type: "PutFile", fileName: "removed", file },
    ] as const;
    const text =
      'ls "$HALLIGAN_WORKDIR"; "$HALLIGAN_WORKDIR/tool"; pwd; stat -c "%a %U %G" "$HALLIGAN_WORKDIR/tool" "$0"';
    const end = await run(world, text, { runAs: USER, earlier });
    const modes = "750 root nogroup\n750 root nogroup\n";
    assert.equal(end.transcript?.script_output, `tool\ntool as nobody\n/\n${modes}`, end.errors.join());
    assert.deepEqual(leftFolders(world), []);
  },
);

test("a program that the user cannot execute is named before anything runs", options, async () => {
  await using world = await commandWorld();
  const folder = path.join(world.temporary, "closed");
  mkdirSync(folder, { mode: 0o700 });
  const program = path.join(folder, "program");
  writeFileSync(program, "#!/bin/sh\necho ran\n");
  chmodSync(program, 0o755);
  const script = `#!${program}\n`;
  assert.equal((await run(world, script)).transcript?.script_output, "ran\n");
  const end = await run(world, script, { runAs: USER });
  assert.deepEqual([end.outcome, end.ran], ["failed", false]);
  assert.match(end.errors.join(), /The user 'nobody' cannot execute .*program, so the script was not run/);
  assert.deepEqual(leftFolders(world), []);
});

test("a script of every kind runs as the user, and its arguments are its own", options, async () => {
  await using world = await commandWorld();
  const node = `#!${process.execPath}\nconsole.log(process.getuid(), process.argv[2], process.argv[1].endsWith("/x.mjs"))\n`;
  const ends = [
    await run(world, "\u{feff}echo $(id -u) $1\n", { runAs: USER, args: "'a b'" }),
    await run(world, "import os, sys\nprint(os.getuid(), sys.argv[1])\n", { runAs: USER, args: "'a b'", name: "x.py" }),
    await run(world, "id -u; exit 7\n", { runAs: USER, name: "work" }),
    await run(world, "id -u\n", { runAs: "root" }),
  ];
  assert.deepEqual(
    ends.map(({ transcript, errors, exitCode }) => [transcript?.script_output ?? errors.join(), exitCode]),
    [
      ["65534 a b\n", 0],
      ["65534 a b\n", 0],
      ["65534\n", 7],
      ["0\n", 0],
    ],
  );
  // The tests' own Node may be where the user cannot reach it.
  const own = await run(world, node, { runAs: USER, name: "x.mjs", args: "hi" });
  if (own.ran) assert.equal(own.transcript?.script_output, "65534 hi true\n");
  else assert.match(own.errors.join(), /cannot execute/);
});

test("a cancel before the start leaves no process and no folder", options, async () => {
  await using world = await commandWorld();
  const cancel = new AbortController();
  const granted = async () => {
    assert.equal(leftFolders(world).length, 1);
    cancel.abort("cancelled");
  };
  const end = await run(world, "id\n", { runAs: USER, signal: cancel.signal, granted });
  assert.deepEqual([end.outcome, end.ran], ["failed", false]);
  assert.deepEqual(leftFolders(world), []);
});
