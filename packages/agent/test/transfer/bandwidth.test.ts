import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { getFile } from "../../src/commands/files/get-file.ts";
import { putFile } from "../../src/commands/files/put-file.ts";
import { bandwidth } from "../../src/transfer/bandwidth.ts";
import { commandWorld } from "../support/command-world.ts";

const never = new AbortController().signal;
const MIB = 1024 * 1024;

test("a cap slows an upload and a download in its ratio, and one direction does not slow the other", async () => {
  await using world = await commandWorld();
  // Not compressible, so that as many bytes travel as there are.
  const bytes = randomBytes((3 * MIB) / 8);
  const source = path.join(world.temporary, "source");
  await writeFile(source, bytes);
  const upload = (deps = world.deps) =>
    getFile(deps, world.job({ index: 0, type: "GetFile", path: source } as const), never);
  const file = world.server.addFile(bytes);
  const download = (deps = world.deps) =>
    putFile(deps, world.job({ index: 0, type: "PutFile", fileName: "f", file } as const), never);
  const msOf = async (work: () => Promise<{ outcome: string; errors: string[] }>) => {
    const begunMs = performance.now();
    const end = await work();
    assert.deepEqual([end.outcome, end.errors], ["completed", []]);
    return performance.now() - begunMs;
  };
  const capped = (uploadRateBytes: number, downloadRateBytes: number) => ({
    ...world.deps,
    bandwidth: bandwidth(world.deps.clock, { uploadRateBytes, downloadRateBytes }),
  });
  for (const [work, slow, slower, other] of [
    [upload, capped(4 * MIB, 0), capped(MIB / 16, 0), capped(0, 1_024)],
    [download, capped(0, 4 * MIB), capped(0, MIB / 16), capped(1_024, 0)],
  ] as const) {
    const slowMs = await msOf(() => work(slow));
    const slowerMs = await msOf(() => work(slower));
    assert.ok(slowerMs / slowMs > 2, `${slowerMs} ms at a 64th of the rate that took ${slowMs} ms`);
    // At 1 KiB a second it would take 384 s.
    await msOf(() => work(other));
  }
});

test("transfers that run together share the cap", async () => {
  await using world = await commandWorld();
  const { upload } = bandwidth(world.deps.clock, { uploadRateBytes: MIB, downloadRateBytes: 0 });
  const msOf = async (takers: number) => {
    const begunMs = performance.now();
    const take = async () => {
      for (let at = 0; at < 4; at++) await upload.take(MIB / 16, never);
    };
    await Promise.all(Array.from({ length: takers }, take));
    return performance.now() - begunMs;
  };
  await msOf(2);
  const [one, four] = [await msOf(1), await msOf(4)];
  assert.ok(four / one > 2, `${four} ms for four, ${one} ms for one`);
});

test("a wait for the cap ends with its signal", async () => {
  await using world = await commandWorld();
  const { upload } = bandwidth(world.deps.clock, { uploadRateBytes: 16_384, downloadRateBytes: 0 });
  const stop = new AbortController();
  const waiting = upload.take(100 * MIB, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});
