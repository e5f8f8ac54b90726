import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { putFile } from "../../src/commands/files/put-file.ts";
import { dataFolder } from "../../src/disk/data-folder.ts";
import { ensureDataFolders } from "../../src/disk/private-folder.ts";
import { temporaryFolder } from "../support/agent-process.ts";
import { commandWorld } from "../support/command-world.ts";
import { run, type World } from "../support/scripts.ts";

const isPosix = process.platform !== "win32";
const options = { timeout: 30_000, skip: isPosix ? false : "needs POSIX rights" };
const isRoot = process.geteuid?.() === 0;
const modeOf = (file: string) => statSync(file).mode & 0o7777;

test("folders are made 0700 and put right at the start", options, async () => {
  await using temporary = await temporaryFolder();
  const folder = dataFolder(path.join(temporary.path, "data"));
  const all = [folder.root, folder.work, folder.spool, folder.scripts];
  ensureDataFolders(folder);
  assert.deepEqual(all.map(modeOf), [0o700, 0o700, 0o700, 0o700]);
  for (const inner of all.slice(1)) chmodSync(inner, 0o1777);
  chmodSync(folder.root, 0o755);
  ensureDataFolders(folder);
  assert.deepEqual(all.map(modeOf), [0o700, 0o700, 0o700, 0o700]);
});

test("a data folder that others can write, that is a link, or that is another's is refused", options, async () => {
  await using temporary = await temporaryFolder();
  const root = path.join(temporary.path, "data");
  ensureDataFolders(dataFolder(root));
  chmodSync(root, 0o770);
  assert.throws(() => ensureDataFolders(dataFolder(root)), /can be written by others/);
  chmodSync(root, 0o700);
  const link = path.join(temporary.path, "link");
  symlinkSync(root, link);
  assert.throws(() => ensureDataFolders(dataFolder(link)), /is a link/);
  if (!isRoot) return;
  chownSync(root, 12345, 12345);
  assert.throws(() => ensureDataFolders(dataFolder(root)), /belongs to another user/);
});

test("an inner folder that was given to another user is taken back", {
  ...options,
  skip: isRoot ? false : "needs root",
}, async () => {
  await using world = await commandWorld();
  const end = await run(world, 'chown 12345 "$HALLIGAN_WORKDIR"; chmod 777 "$HALLIGAN_WORKDIR"\n');
  assert.equal(end.exitCode, 0);
  assert.equal((await run(world, 'stat -c "%a %u" .\n')).transcript?.script_output, "700 0\n");
});

for (const name of ["work", "spool", "scripts"] as const) {
  test(
    `a link that was planted as '${name}' is not followed: the command fails and nothing is written outside`,
    options,
    async () => {
      await using world = await commandWorld();
      const outside = path.join(world.temporary, "outside");
      mkdirSync(outside);
      rmSync(world.folder[name], { recursive: true });
      symlinkSync(outside, world.folder[name]);
      const end = await run(world, "echo hello > here; echo hello\n");
      assert.deepEqual([end.outcome, end.ran], ["failed", false]);
      assert.match(end.errors[0] ?? "", /is a link or a file where a folder of the agent should be/);
      assert.match((await put(world, "tool")).errors[0] ?? "", /is a link or a file/);
      assert.deepEqual(readdirSync(outside), []);
    },
  );
}

async function put(world: World, fileName: string) {
  const job = world.job({
    index: 0,
    type: "PutFile",
    fileName,
    file: world.server.addFile("from the library"),
  } as const);
  return await putFile(world.deps, job, new AbortController().signal);
}

test(
  "PutFile replaces a link that a script planted under the name, and what it pointed to stays as it was",
  options,
  async () => {
    await using world = await commandWorld();
    const outside = path.join(world.temporary, "outside");
    writeFileSync(outside, "precious");
    assert.equal(
      (await run(world, `ln -s ${outside} tool; ln -s /no/such/thing dangling; mkdir folder\n`)).exitCode,
      0,
    );
    assert.deepEqual((await put(world, "tool")).errors, []);
    assert.deepEqual((await put(world, "dangling")).errors, []);
    assert.match((await put(world, "folder")).errors[0] ?? "", /a folder has this name/);
    assert.equal(readFileSync(outside, "utf8"), "precious");
    for (const name of ["tool", "dangling"]) {
      assert.equal(readFileSync(path.join(world.folder.work, name), "utf8"), "from the library");
    }
    assert.deepEqual(readdirSync(world.folder.work).sort(), ["dangling", "folder", "tool"]);
  },
);

test("a link or a folder that was planted where output is kept is replaced, not followed", options, async () => {
  await using world = await commandWorld();
  const outside = path.join(world.temporary, "outside");
  writeFileSync(outside, "precious");
  symlinkSync(outside, path.join(world.folder.spool, "1-0.out"));
  mkdirSync(path.join(world.folder.spool, "1-0.err"));
  const end = await run(world, "echo hello; echo oops >&2\n");
  assert.deepEqual([end.transcript?.script_output, end.transcript?.script_errors], ["hello\n", "oops\n"]);
  assert.equal(readFileSync(outside, "utf8"), "precious");
  assert.deepEqual([modeOf(path.join(world.folder.spool, "1-0.out")), modeOf(world.folder.spool)], [0o600, 0o700]);
});

test(
  "what lies where a script is to be put is removed, also a link, and only the pinned bytes run",
  options,
  async () => {
    await using world = await commandWorld();
    const outside = path.join(world.temporary, "outside");
    mkdirSync(outside);
    writeFileSync(path.join(outside, "a.sh"), "echo evil\n");
    symlinkSync(outside, path.join(world.folder.scripts, "1-0"));
    assert.equal((await run(world, "echo good\n")).transcript?.script_output, "good\n");
    assert.equal(readFileSync(path.join(outside, "a.sh"), "utf8"), "echo evil\n");
    assert.equal(modeOf(path.join(world.folder.scripts, "1-0")), 0o700);
    assert.equal(modeOf(path.join(world.folder.scripts, "1-0", "a.sh")), 0o700);
  },
);
