import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { putFile } from "../../src/commands/files/put-file.ts";
import { roomIn } from "../../src/disk/folder-room.ts";
import { temporaryFolder } from "../support/agent-process.ts";
import { commandWorld } from "../support/command-world.ts";
import { run } from "../support/scripts.ts";

const never = new AbortController().signal;

test("files of all folders below count, links do not, and the walk is bounded", async () => {
  await using folder = await temporaryFolder();
  mkdirSync(path.join(folder.path, "in"));
  for (const name of ["a", "in/b", "in/c"]) writeFileSync(path.join(folder.path, name), "x".repeat(100));
  symlinkSync("/proc/kcore", path.join(folder.path, "link"));
  const room = roomIn(folder.path, 1_000);
  assert.ok(room <= 700 && room > 600, String(room));
  assert.equal(roomIn(folder.path, 50), 0);
  assert.equal(roomIn(folder.path, 0), Number.POSITIVE_INFINITY);
  assert.ok(roomIn(folder.path, 1_000, 1) >= 900);
});

test("a file that does not fit into the quota of the working folder is not fetched, and one that fits is put", async () => {
  await using world = await commandWorld({ settings: { maxWorkFolderBytes: 10_000 } });
  const put = (fileName: string, sizeBytes: number) => {
    const file = world.server.addFile("x".repeat(sizeBytes));
    return putFile(world.deps, world.job({ index: 0, type: "PutFile", fileName, file } as const), never);
  };
  assert.equal((await put("small", 9_000)).outcome, "completed");
  const { outcome, errors } = await put("more", 2_000);
  assert.equal(outcome, "failed");
  assert.match(errors.join(), /2000 bytes.*working folder may have 1000 more \(max_work_folder_bytes\)/);
  assert.deepEqual(readdirSync(world.folder.work), ["small"]);
});

test("outputs share the quota of the spool, and a script that exceeds it runs to its end", async () => {
  await using world = await commandWorld({ settings: { maxSpoolBytes: 20_000 } });
  const end = await run(world, "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x\nexit 3\n");
  assert.deepEqual([end.ran, end.exitCode], [true, 3]);
  const length = end.transcript?.script_output.length ?? 0;
  assert.ok(length >= 10_000 && length < 11_000, String(length));
});
