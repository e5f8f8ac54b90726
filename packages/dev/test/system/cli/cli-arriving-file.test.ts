import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { World, type WorldMachine } from "../../../src/world.ts";
import { sha256Of } from "../e2e/slow-device.ts";
import { halligan } from "./halligan.ts";

/** `halligan get` with a real agent: the download is under way before the action has ended. */
let world: World;
let machine: WorldMachine;
before(async () => {
  world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  const [first] = world.machines;
  assert.ok(first);
  machine = first;
});
after(() => world[Symbol.asyncDispose]());

test("a file of several parts is saved whole, by the download of a file that arrives", async () => {
  const content = randomBytes(20_000_000);
  await writeFile(join(machine.dataDir, "work", "large.bin"), content);
  const ended = await halligan(world, "get", machine.id, "large.bin", "-o", "saved.bin");
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.match(ended.stdout, new RegExp(sha256Of(content)));
  assert.ok((await readFile(join(world.folder, "saved.bin"))).equals(content));
  const records = await world.client.listAudit({ operation: "GetLiveResponseResultDownloadLink" });
  assert.deepEqual(
    records.map(({ detail }) => detail),
    [{ index: 0, isDownload: true }],
  );
});

test("a file that is not there fails as before and leaves nothing", async () => {
  const ended = await halligan(world, "get", machine.id, "missing.bin", "-o", "nothing.bin");
  assert.notEqual(ended.exitCode, 0);
  assert.deepEqual(
    (await readdir(world.folder)).filter((name) => name.includes("nothing")),
    [],
  );
});
