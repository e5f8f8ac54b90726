import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { realpath, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { getFile } from "../../src/commands/files/get-file.ts";
import { collect, needsTar, unpack } from "../support/archives.ts";
import { commandWorld } from "../support/command-world.ts";
import { fastClock } from "../support/fast-clock.ts";

const options = { timeout: 120_000 };
const MIB = 1024 * 1024;
const never = new AbortController().signal;

test("10,000 files take hardly more memory than 500, and all of them arrive", {
  ...options,
  skip: needsTar,
}, async () => {
  await using world = await commandWorld();
  const tree = path.join(await realpath(world.temporary), "tree");
  const rssOf = (files: number) => {
    const folder = path.join(tree, String(files));
    for (let at = 0; at < files; at++) {
      const inner = path.join(folder, `folder-${Math.floor(at / 500)}`);
      if (at % 500 === 0) mkdirSync(inner, { recursive: true });
      writeFileSync(path.join(inner, `file-${at}`), `content of ${at}\n`.repeat(50));
    }
    const main = path.join(import.meta.dirname, "../support/archive-memory-main.ts");
    const printed = JSON.parse(execFileSync(process.execPath, [main, folder], { encoding: "utf8" }));
    assert.equal(printed.files, files);
    return printed.maxRss;
  };
  const [few, many] = [rssOf(500), rssOf(10_000)];
  assert.ok(many / few < 1.5, `500 files: ${few} KiB, 10,000 files: ${many} KiB`);
  const { manifest } = await unpack(world, await collect(world, path.join(tree, "10000")));
  assert.equal(manifest.end.files, 10_000);
});

test("a large file takes a bounded amount of memory, also when parts are sent twice", options, async () => {
  await using world = await commandWorld({ clock: fastClock(50) });
  await writeFile(path.join(world.folder.work, "evidence"), randomBytes(160 * MIB));
  let [requests, peakBytes] = [0, 0];
  const before = process.memoryUsage().arrayBuffers;
  world.server.interceptEarly = (request, response) => {
    peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before);
    if (request.url?.endsWith("/complete")) return false;
    if (++requests % 4 === 0) response.writeHead(503, { connection: "keep-alive" }).end();
    // Thrown away, so that what is measured is the agent's.
    else request.resume().on("end", () => response.writeHead(204).end());
    return true;
  };
  world.server.intercept = (_request, response) => {
    response.writeHead(204).end();
    return true;
  };
  const end = await getFile(world.deps, world.job({ index: 0, type: "GetFile", path: "evidence" } as const), never);
  assert.deepEqual(end.errors, []);
  assert.ok(requests >= 26);
  assert.ok(peakBytes < 80 * MIB, `${Math.round(peakBytes / MIB)} MiB`);
});
