import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { open, readFile, truncate, writeFile } from "node:fs/promises";
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

type World = Awaited<ReturnType<typeof commandWorld>>;

function contentOf(world: World, end: TransferEnd): Buffer {
  const gzip = end.result && world.server.completed.get(end.result.uploadId);
  assert.ok(gzip, end.errors.join(" "));
  return gunzipSync(gzip);
}

const get = (world: World, file: string, signal = never) =>
  getFile(world.deps, world.job({ index: 0, type: "GetFile", path: file } as const), signal);

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
