import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { archiveFileName } from "@halligan/protocol/api";
import { ArchiveReader } from "../src/download/archive-summary.ts";
import { safeFileName } from "../src/download/safe-file-name.ts";
import { makeWorld } from "./halligan.ts";

type World = Awaited<ReturnType<typeof makeWorld>>;

const END = { type: "end", entries: 2, files: 1, bytes: 5, errors: 1, truncated: null };
const LINES = [
  { type: "start", version: 1, kind: "folder", path: "/x", maxFiles: 1, maxBytes: 1 },
  { type: "file", path: "/x/a", sizeBytes: 5, sha256: "0" },
  { type: "unknown", path: "/x/b\u001b[31m", error: "access is denied" },
];

/** An archive that the system's tar made. */
function archiveWith(world: World, lines: readonly object[]): Buffer {
  const folder = join(world.folder, `archive-${randomBytes(4).toString("hex")}`);
  mkdirSync(join(folder, "files", "d".repeat(150)), { recursive: true });
  mkdirSync(join(folder, "manifest"));
  writeFileSync(join(folder, "files", "d".repeat(150), "a"), "hello");
  writeFileSync(join(folder, "manifest", "000001.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return execFileSync("tar", ["--format=pax", "-czf", "-", "-C", folder, "files", "manifest"]);
}

describe("halligan get of an archive", () => {
  it("saves it as it comes and says what its manifest says", async () => {
    await using world = await makeWorld();
    const bytes = archiveWith(world, [...LINES, END]);
    world.api.script.rawFile = bytes;
    const { exitCode, stdout, stderr } = await world.run("get", "web-01", "/var/log/", "--folder", "--max-files", "9");
    assert.equal(exitCode, 0, stderr);
    const saved = join(world.folder, "log.tar.gz");
    assert.deepEqual(readFileSync(saved), bytes);
    assert.match(stdout, new RegExp(`SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`));
    assert.match(stderr, /^1 file, 5 bytes, 1 of 2 entries with an error\n {2}\/x\/b.*: access is denied$/m);
    assert.ok(!stderr.includes("\u001b"));
    assert.deepEqual(world.api.started[0]?.Commands, [
      {
        type: "GetFile",
        params: [{ key: "Path", value: "/var/log/" }],
        archive: { kind: "folder", maxFiles: 9 },
      },
    ]);
  });

  it("ends with an own exit code when the archive has only errors, and names them once", async () => {
    await using world = await makeWorld();
    const failed = { type: "folder", path: "/root", error: "access is denied" };
    const end = { type: "end", entries: 1, files: 0, bytes: 0, errors: 1, truncated: null };
    const [start] = LINES;
    assert.ok(start);
    world.api.script.rawFile = archiveWith(world, [start, failed, end]);
    const note = "Note: 1 of 1 entry was not or not completely collected: '/root': access is denied.";
    world.api.script.commands = [{ status: "Completed", errors: [note] }];
    const { exitCode, stderr } = await world.run("get", "web-01", "/root", "--folder");
    assert.equal(exitCode, 87, stderr);
    assert.match(stderr, /1 of 1 entry with an error/);
    assert.match(stderr, /The archive of \/root has no file, only errors/);
    assert.equal(stderr.split("access is denied").length, 2, stderr);
  });

  it("has a plain file name whatever the path is", async () => {
    for (const [devicePath, kind, name] of [
      ["/var/log/", "folder", "log.tar.gz"],
      ["host/..", "folder", "files.tar.gz"],
      ["/var/log/..", "folder", "var.tar.gz"],
      ["..", "folder", "files.tar.gz"],
      ["/", "folder", "files.tar.gz"],
      ["C:\\logs\\..", "folder", "C:.tar.gz"],
      ["/../../*/x", "pattern", "files.tar.gz"],
    ] as const) {
      assert.equal(archiveFileName(devicePath, kind), name);
      assert.match(safeFileName(name) ?? "", /^[^./\\][^/\\]*$/);
    }
  });

  it("says that an archive without the end of its manifest is not complete", async () => {
    await using world = await makeWorld();
    world.api.script.rawFile = archiveWith(world, LINES);
    const { stderr } = await world.run("get", "web-01", "/var/*/x", "--pattern");
    assert.match(stderr, /manifest of the archive has no end/);
    assert.ok((await readdir(world.folder)).includes("var.tar.gz"));
    world.api.script.rawFile = gzipSync(randomBytes(100_000));
    assert.equal((await world.run("get", "web-01", "/var/*/x", "--pattern", "--force")).exitCode, 0);
  });

  it("reads a manifest in pieces of any size, and skips what it does not understand", async () => {
    await using world = await makeWorld();
    const tar = gunzipSync(archiveWith(world, [...LINES, { type: "other" }, { text: "x".repeat(200_000) }, END]));
    for (const size of [1, 7, 512, 100_000]) {
      const reader = new ArchiveReader();
      for (let at = 0; at < tar.length; at += size) reader.push(tar.subarray(at, at + size));
      assert.deepEqual(
        reader.summary?.failed.map(({ error }) => error),
        ["access is denied"],
      );
      assert.equal(reader.summary?.files, 1);
    }
  });

  it("refuses options that contradict each other before anything runs", async () => {
    await using world = await makeWorld();
    for (const [args, expected] of [
      [["/a", "--folder", "--pattern"], /give one/],
      [["/a", "--max-files", "3"], /--folder or --pattern/],
      [["/a", "--folder", "--max-bytes", "many"], /--max-bytes takes a size/],
      [["not base64", "--path-base64"], /base64 with padding/],
    ] as const) {
      const { exitCode, stderr } = await world.run("get", "web-01", ...args);
      assert.equal(exitCode, 64);
      assert.match(stderr, expected);
    }
    assert.equal(world.api.started.length, 0);
  });

  it("sends a path in base64 as it was given", async () => {
    await using world = await makeWorld();
    const encoded = Buffer.from("/a/n\xff", "latin1").toString("base64");
    assert.equal((await world.run("get", "web-01", encoded, "--path-base64", "-o", "here")).exitCode, 0);
    assert.deepEqual(world.api.started[0]?.Commands[0]?.params, [{ key: "PathBase64", value: encoded }]);
  });
});
