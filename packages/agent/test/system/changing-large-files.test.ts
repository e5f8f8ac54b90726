import assert from "node:assert/strict";
import {
  appendFile,
  chmod,
  mkdir,
  open,
  rename,
  rm,
  stat,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { getFile } from "../../src/commands/files/get-file.ts";
import { commandWorld } from "../support/command-world.ts";

const options = { timeout: 60_000, skip: process.platform === "win32" ? "needs POSIX files" : false };
const never = new AbortController().signal;
/** Larger than what is read before the first part leaves: the rest is read after the change. */
const SIZE = 24 * 1024 * 1024;

type World = Awaited<ReturnType<typeof commandWorld>>;

/**
 * Collects a file of 24 MiB that does not compress, and changes it when its first part has arrived.
 */
async function collectWhile(world: World, change: (file: string) => Promise<void>) {
  const file = path.join(world.temporary, "log");
  const content = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE; at += 4) content.writeUInt32LE(Math.imul(at + 1, 2654435761) >>> 0, at);
  await writeFile(file, content);
  const before = await stat(file, { bigint: true });
  let hasChanged = false;
  world.server.interceptEarly = (request, response) => {
    if (hasChanged || !request.url?.includes("/parts/")) return false;
    hasChanged = true;
    void change(file).then(() => response.writeHead(503).end());
    return true;
  };
  const job = world.job({ index: 0, type: "GetFile", path: file } as const);
  const end = await getFile(world.deps, job, never);
  assert.ok(hasChanged);
  return { end, content, before, file };
}

interface Case {
  title: string;
  kinds: string[];
  note: RegExp;
  change: (file: string) => Promise<void>;
  /** What is collected of the first content. */
  isCollected: (got: Buffer, content: Buffer) => boolean;
}

const same = (got: Buffer, content: Buffer) => got.equals(content);
const sameSize = (got: Buffer, content: Buffer) => got.length === content.length && !got.equals(content);

const CASES: Case[] = [
  {
    title: "grows",
    kinds: ["grew"],
    note: /It grew from 25165824 to 25165828 bytes; its first 25165824 bytes were collected\./,
    change: (file) => appendFile(file, "more"),
    isCollected: same,
  },
  {
    title: "is truncated",
    kinds: ["shrank"],
    note: /It had 25165824 bytes before and 3 after; \d+ bytes were collected\./,
    change: (file) => truncate(file, 3),
    isCollected: (got, content) => got.length < content.length && got.equals(content.subarray(0, got.length)),
  },
  {
    title: "is written again from its beginning",
    kinds: ["rewritten"],
    note: /modified in place/,
    change: async (file) => {
      await using handle = await open(file, "r+");
      await handle.write(Buffer.alloc(SIZE, "y"));
    },
    isCollected: sameSize,
  },
  {
    title: "is modified in place",
    kinds: ["rewritten"],
    note: /modified in place, so the collected bytes can be of different moments/,
    change: async (file) => {
      await using handle = await open(file, "r+");
      await handle.write("changed", SIZE - 100);
    },
    isCollected: sameSize,
  },
  {
    title: "is modified and has its modification time set back",
    kinds: ["attributesChanged"],
    note: /Its mode, owner, links or times were changed/,
    change: async (file) => {
      const { atime, mtime } = await stat(file);
      await utimes(file, atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000));
      await using handle = await open(file, "r+");
      await handle.write("changed", SIZE - 100);
      await utimes(file, atime, new Date(Math.floor(mtime.getTime() / 1000) * 1000));
    },
    isCollected: sameSize,
  },
  {
    title: "gets other rights",
    kinds: ["attributesChanged"],
    note: /size and modification time are the same/,
    change: (file) => chmod(file, 0o600),
    isCollected: same,
  },
  {
    title: "is deleted",
    kinds: ["removed"],
    note: /Its path names no file now/,
    change: (file) => unlink(file),
    isCollected: same,
  },
  {
    title: "is renamed",
    kinds: ["removed"],
    note: /Its path names no file now/,
    change: (file) => rename(file, `${file}.1`),
    isCollected: same,
  },
  {
    title: "is replaced by a rename over it",
    kinds: ["replaced"],
    note: /Its path names another file now; the collected bytes are of the file that it named first/,
    change: async (file) => {
      await writeFile(`${file}.new`, Buffer.alloc(SIZE, "z"));
      await rename(`${file}.new`, file);
    },
    isCollected: same,
  },
  {
    title: "is rotated while its writer goes on",
    kinds: ["grew", "replaced"],
    note: /It grew.*Its path names another file now/,
    change: async (file) => {
      await using writer = await open(file, "a");
      await rename(file, `${file}.1`);
      await writeFile(file, "");
      await writer.write("the last line");
    },
    isCollected: same,
  },
  {
    title: "is replaced by a folder",
    kinds: ["replaced"],
    note: /names another file now/,
    change: async (file) => {
      await rm(file);
      await mkdir(file);
    },
    isCollected: same,
  },
];

for (const { title, kinds, note, change, isCollected } of CASES) {
  test(`a file that ${title} while it is collected is collected, and how it changed is recorded`, options, async () => {
    await using world = await commandWorld();
    // A time of the past with a fraction: whatever changes the file changes its time.
    const { end, content, before } = await collectWhile(world, change);
    assert.equal(end.outcome, "completed", end.errors.join(" "));
    const gzip = end.result && world.server.completed.get(end.result.uploadId);
    assert.ok(gzip);
    const got = gunzipSync(gzip);
    assert.ok(isCollected(got, content), `${got.length} bytes, the same: ${got.equals(content)}`);
    const found = end.result?.fileChange;
    if (title.includes("set back")) {
      // The time that was set back has no fraction any more, unless the file had none.
      assert.ok(found && ["attributesChanged", "rewritten"].includes(found.kinds.join()), JSON.stringify(found));
      return;
    }
    assert.deepEqual(found?.kinds, kinds);
    assert.equal(found.collectedBytes, got.length);
    assert.equal(found.before.sizeBytes, SIZE);
    assert.equal(found.before.modifiedAt?.slice(-10), `${String(before.mtimeNs % 1_000_000_000n).padStart(9, "0")}Z`);
    assert.equal(end.errors.length, 1);
    assert.match(end.errors[0] ?? "", /^Note: the file changed while it was collected\. /);
    assert.match(end.errors[0] ?? "", note);
  });
}
