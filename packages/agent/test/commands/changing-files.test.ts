import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFile,
  chmod,
  open,
  readFile,
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
import { until } from "../../../protocol/test/support/until.ts";
import { getFile } from "../../src/commands/files/get-file.ts";
import type { TransferEnd } from "../../src/core/ports.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { commandWorld } from "../support/command-world.ts";
import { hangingMount, noHangingMount } from "../support/hanging-mount.ts";

const options = { timeout: 60_000, skip: process.platform === "win32" ? "needs POSIX files" : false };
const never = new AbortController().signal;
const MIB = 1024 * 1024;
/** Larger than what is read before the first part leaves: the rest is read after the change. */
const SIZE = 24 * MIB;

type World = Awaited<ReturnType<typeof commandWorld>>;

function contentOf(world: World, end: TransferEnd): Buffer {
  const gzip = end.result && world.server.completed.get(end.result.uploadId);
  assert.ok(gzip, end.errors.join(" "));
  return gunzipSync(gzip);
}

const get = (world: World, file: string, signal = never) =>
  getFile(world.deps, world.job({ index: 0, type: "GetFile", path: file } as const), signal);

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
  const end = await get(world, file);
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
      execFileSync("mkdir", [file]);
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
    const got = contentOf(world, end);
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

test("a file that does not change has no note, also a sparse one and an immutable one", options, async () => {
  await using world = await commandWorld();
  const file = path.join(world.temporary, "sparse");
  await writeFile(file, "begin");
  await truncate(file, 20 * MIB);
  let end = await get(world, file);
  assert.deepEqual([end.outcome, end.errors, end.result?.fileChange], ["completed", [], undefined]);
  assert.ok(contentOf(world, end).equals(await readFile(file)));
  try {
    execFileSync("chattr", ["+i", file], { stdio: "ignore" });
  } catch {
    return;
  }
  end = await get(world, file);
  execFileSync("chattr", ["-i", file]);
  assert.deepEqual([end.outcome, end.errors], ["completed", []]);
});

test("a file of /proc or /sys is collected whole, though it states no size or a wrong one", {
  ...options,
  skip: process.platform === "linux" ? false : "needs Linux",
}, async () => {
  await using world = await commandWorld();
  for (const file of ["/proc/self/status", "/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"]) {
    const expected = await readFile(file).catch(() => null);
    if (expected === null) continue;
    const end = await get(world, file);
    assert.deepEqual([end.outcome, end.errors], ["completed", []], file);
    if (file !== "/proc/self/status") assert.ok(contentOf(world, end).equals(expected), file);
  }
});

test("a file of /proc that is larger than what is read of such a file is collected in part, and that is said", {
  ...options,
  skip: process.platform === "linux" ? false : "needs Linux",
}, async () => {
  await using world = await commandWorld();
  // One entry of eight bytes for each page of the address space.
  const end = await get(world, "/proc/self/pagemap");
  assert.equal(end.outcome, "completed", end.errors.join(" "));
  assert.equal(contentOf(world, end).length, DEFAULT_SETTINGS.maxUnsizedFileBytes);
  assert.deepEqual(end.result?.fileChange?.kinds, ["cutOff"]);
  assert.match(end.errors[0] ?? "", /^Note: the file was collected in part\. It states no size/);
});

test("a file that grows without end is collected up to its size at the beginning", options, async () => {
  await using world = await commandWorld();
  const file = path.join(world.temporary, "endless");
  await writeFile(file, "x".repeat(MIB));
  const writing = new AbortController();
  const written = (async () => {
    await using handle = await open(file, "a");
    while (!writing.signal.aborted) await handle.write("y".repeat(64 * 1024));
  })();
  const end = await get(world, file);
  writing.abort();
  await written;
  assert.deepEqual(end.result?.fileChange?.kinds, ["grew"]);
  assert.equal(contentOf(world, end).length, end.result?.fileChange?.before.sizeBytes);
});

test("a whole that has to be sent again is read again, so that it is of one reading", options, async () => {
  await using world = await commandWorld();
  const file = path.join(world.temporary, "file");
  await writeFile(file, "first");
  let completions = 0;
  world.server.intercept = (request, response) => {
    if (!request.url?.endsWith("/complete") || ++completions > 1) return false;
    void writeFile(file, "second and longer").then(() => response.writeHead(409).end());
    return true;
  };
  const end = await get(world, file);
  assert.equal(contentOf(world, end).toString(), "second and longer");
  assert.deepEqual([end.outcome, end.errors], ["completed", []]);
});

test("a read error is a failure that names the place", { ...options, skip: noProcMem() }, async () => {
  await using world = await commandWorld();
  const end = await get(world, "/proc/self/mem");
  assert.equal(end.outcome, "failed");
  assert.match(end.errors[0] ?? "", /^The file could not be read at byte 0: /);
});

function noProcMem(): string | false {
  return process.platform === "linux" ? false : "needs Linux";
}

for (const mode of ["everything", "reads"] as const) {
  test(`a file on a mount that answers ${mode === "reads" ? "half of its reads" : "nothing"} fails at the stall limit`, {
    ...options,
    skip: options.skip || noHangingMount,
  }, async () => {
    await using world = await commandWorld();
    await using mount = await hangingMount(mode);
    const asked = { index: 0, type: "GetFile", path: path.join(mount.path, "file") } as const;
    const limited = world.job(asked, { stallTimeoutMs: 300 });
    const end = await getFile(world.deps, limited, never);
    assert.equal(end.outcome, "failed");
    assert.match(end.errors[0] ?? "", /no progress for 300 milliseconds.*file system of that path/);
    // The thread that waits is not joined by others.
    const local = path.join(world.temporary, "local");
    await writeFile(local, "here");
    assert.match((await get(world, local)).errors[0] ?? "", /An earlier command still waits/);
    await mount.release();
    const after = await until(async () => {
      const end = await get(world, local);
      return end.outcome !== "failed" && end;
    }, "a collection that succeeds");
    assert.equal(contentOf(world, after).toString(), "here");
  });
}

test("a cancel ends a collection from a mount that does not answer at once", {
  ...options,
  skip: options.skip || noHangingMount,
}, async () => {
  await using world = await commandWorld();
  await using mount = await hangingMount("everything");
  const cancel = new AbortController();
  const collecting = get(world, path.join(mount.path, "file"), cancel.signal);
  cancel.abort("cancelled");
  await assert.rejects(collecting, (reason) => reason === "cancelled");
});
