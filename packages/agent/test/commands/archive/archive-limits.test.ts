import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { Calls } from "../../../src/commands/archive/archive-calls.ts";
import { ArchivedFile } from "../../../src/commands/archive/archived-file.ts";
import { mountsOf } from "../../../src/commands/archive/mounts.ts";
import { collect, entryOf, needsTar, unpack } from "../../support/archives.ts";
import { commandWorld } from "../../support/command-world.ts";
import { hangingMount, noHangingMount } from "../../support/hanging-mount.ts";

const options = { timeout: 120_000, skip: needsTar };
const MIB = 1024 * 1024;

async function treeIn(world: Awaited<ReturnType<typeof commandWorld>>): Promise<string> {
  const tree = path.join(await realpath(world.temporary), "tree");
  mkdirSync(tree);
  return tree;
}

test("maxFiles ends the archive, which is complete in itself and says that it was cut", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  for (const name of "abcdef") writeFileSync(path.join(tree, name), name);
  const end = await collect(world, tree, { maxFiles: 4 });
  assert.equal(end.outcome, "completed");
  assert.deepEqual(end.errors, ["Note: the archive is not complete: it ends at its limit maxFiles, with 4 entries."]);
  const { manifest } = await unpack(world, end);
  assert.deepEqual(manifest.end, { type: "end", entries: 4, files: 3, bytes: 3, errors: 0, truncated: "maxFiles" });
  const exact = await unpack(world, await collect(world, tree, { maxFiles: 7 }));
  assert.equal(exact.manifest.end.truncated, null);
});

test("maxBytes leaves out what does not fit, by name, and keeps the smaller files after it", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  writeFileSync(path.join(tree, "a"), Buffer.alloc(600));
  writeFileSync(path.join(tree, "b"), Buffer.alloc(2 * MIB));
  writeFileSync(path.join(tree, "c"), Buffer.alloc(300));
  const end = await collect(world, tree, { maxBytes: 1_000 });
  const { manifest } = await unpack(world, end);
  assert.equal(entryOf(manifest, path.join(tree, "b")).error, "its 2097152 bytes do not fit: 400 of 1000 are left");
  const { files, bytes, truncated } = manifest.end;
  assert.deepEqual({ files, bytes, truncated }, { files: 2, bytes: 900, truncated: "maxBytes" });
  assert.match(end.errors[0] ?? "", /its limit maxBytes, with 900 bytes/);
});

test("a file that becomes shorter while it is read is padded with zeros, and that is stated", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  const name = path.join(tree, "log");
  // Larger than what is read before the first part leaves.
  const size = 24 * MIB;
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4) content.writeUInt32LE(Math.imul(at + 1, 2654435761) >>> 0, at);
  writeFileSync(name, content);
  writeFileSync(path.join(tree, "zz"), "after it");
  let hasChanged = false;
  world.server.interceptEarly = (request, response) => {
    if (hasChanged || !request.url?.includes("/parts/")) return false;
    hasChanged = true;
    truncateSync(name, 20 * MIB);
    response.writeHead(503).end();
    return true;
  };
  const { root, manifest } = await unpack(world, await collect(world, tree));
  assert.ok(hasChanged);
  const entry = entryOf(manifest, name);
  const { sizeBytes, paddedBytes, change, error } = entry;
  assert.deepEqual({ sizeBytes, paddedBytes, change }, { sizeBytes: size, paddedBytes: 4 * MIB, change: ["shrank"] });
  assert.match(error ?? "", /became shorter while it was read; its last 4194304 bytes are zeros/);
  const unpacked = await readFile(path.join(root, "files", name));
  assert.ok(unpacked.subarray(0, 20 * MIB).equals(content.subarray(0, 20 * MIB)));
  assert.ok(unpacked.subarray(20 * MIB).every((byte) => byte === 0));
  assert.equal(await readFile(path.join(root, "files", tree, "zz"), "utf8"), "after it");
});

test("a sparse file comes in its full size", options, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  writeFileSync(path.join(tree, "sparse"), "x");
  truncateSync(path.join(tree, "sparse"), 30 * MIB);
  const { root, manifest } = await unpack(world, await collect(world, tree));
  assert.equal(entryOf(manifest, path.join(tree, "sparse")).sizeBytes, 30 * MIB);
  assert.equal((await readFile(path.join(root, "files", tree, "sparse"))).length, 30 * MIB);
});

test("a folder that was replaced by a link after the look at it gives nothing away", {
  ...options,
  skip: process.platform === "linux" ? false : "needs /proc/self/fd",
}, async () => {
  await using world = await commandWorld();
  const tree = await treeIn(world);
  mkdirSync(path.join(tree, "private"));
  writeFileSync(path.join(tree, "private", "file"), "private");
  symlinkSync(path.join(tree, "private"), path.join(tree, "public"));
  const calls = new Calls({ signal: new AbortController().signal, moved: () => undefined });
  const parts = { calls, block: Buffer.alloc(1024), ownKeys: [] };
  await assert.rejects(ArchivedFile.open(path.join(tree, "public", "file"), parts), /led to another place/);
  await using file = await ArchivedFile.open(path.join(tree, "private", "file"), parts);
  assert.equal(file.sizeBytes, 7);
  await assert.rejects(ArchivedFile.open(path.join(tree, "public"), parts));
});

test("mount points are known by their bytes, and the type of the file system at a path", () => {
  const mounts = mountsOf(
    [
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
      "23 22 0:21 / /proc rw - proc proc rw",
      "24 22 0:40 / /mnt/a\\040b\\134 rw - nfs4 server:/x rw",
      "",
    ].join("\n"),
  );
  assert.equal(mounts.has("/mnt/a b\\"), true);
  assert.equal(mounts.has("/mnt"), false);
  assert.deepEqual(["/proc/1/fd", "/proc", "/processes", "/"].map(mounts.typeAt), ["proc", "proc", "ext4", "ext4"]);
  assert.equal(mountsOf("").typeAt("/x"), null);
});

test("a mounted file system is named and not touched, so that a dead one stops nothing", {
  ...options,
  skip: options.skip || noHangingMount,
}, async () => {
  await using world = await commandWorld();
  await using mount = await hangingMount("everything");
  const { dir, base } = path.parse(mount.path);
  const { manifest } = await unpack(world, await collect(world, `${dir}/${base.slice(0, -1)}?`, { kind: "pattern" }));
  assert.match(entryOf(manifest, mount.path).error ?? "", /another file system is mounted there/);
  const below = await collect(world, `${dir}/${base.slice(0, -1)}?/*`, { kind: "pattern" });
  assert.match(below.errors.join(), /Nothing on the device matches .*another file system is mounted there/);
});

test("a cancel ends the walk at once, also on a file system that does not answer", {
  ...options,
  skip: options.skip || noHangingMount,
}, async () => {
  await using world = await commandWorld();
  await using mount = await hangingMount("everything");
  const cancel = new AbortController();
  const collecting = collect(world, mount.path, {}, cancel.signal);
  cancel.abort("cancelled");
  await assert.rejects(collecting, (reason) => reason === "cancelled");
});
