import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, test } from "node:test";
import { createGunzip } from "node:zlib";
import { World, type WorldMachine } from "../../../src/world.ts";
import { getFile, putFile, runToEnd } from "../../e2e/live-response.ts";

const MIB = 1024 * 1024;
/**
 * Six times the growth that is allowed; HALLIGAN_LARGE_FILE_MIB=2048 collects the 2 GB of the
 * promise.
 */
const GET_BYTES = Number(process.env.HALLIGAN_LARGE_FILE_MIB ?? 384) * MIB;
const PUT_BYTES = 200 * MIB;
const ALLOWED_GROWTH_BYTES = 64 * MIB;
const skip = existsSync("/proc/self/status") ? false : "there is no /proc here to read a process's memory from";

let world: World;
let machine: WorldMachine;
before(async () => {
  // Asked every 25 ms until its end, which the limits of Defender would stretch to the next minute.
  world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  const [first] = world.machines;
  assert.ok(first);
  machine = first;
});
after(() => world[Symbol.asyncDispose]());

test(`a GetFile of ${GET_BYTES / MIB} MiB arrives byte for byte, and neither server nor agent grows by 64 MB`, {
  skip,
}, async () => {
  const file = join(machine.dataDir, "work", "large.bin");
  const written = await writeIncompressible(file, GET_BYTES);
  const memory = watchMemory(world, machine);
  const action = await runToEnd(world, machine.id, [getFile("large.bin")]);
  assert.equal(action.status, "Succeeded", JSON.stringify(action.commands));
  const response = await world.client.downloadResult(await world.client.getDownloadUrl(action.id, 0));
  assert.ok(response.body);
  const hash = createHash("sha256");
  await pipeline(Readable.fromWeb(response.body), createGunzip(), hash);
  assert.equal(hash.digest("hex"), written);
  memory.stopAndCheck();
});

test("a 200 MB library file is put on the device, and neither server nor agent grows by 64 MB", { skip }, async () => {
  const file = join(world.folder, "put.bin");
  const written = await writeIncompressible(file, PUT_BYTES);
  const memory = watchMemory(world, machine);
  const stored = await world.client.putLibraryFile({
    fileName: "put.bin",
    content: () => Readable.toWeb(createReadStream(file)),
  });
  assert.equal(stored.sha256, written);
  const action = await runToEnd(world, machine.id, [putFile("put.bin")]);
  assert.equal(action.status, "Succeeded", JSON.stringify(action.commands));
  memory.stopAndCheck();
  const onDevice = join(machine.dataDir, "work", "put.bin");
  assert.equal((await stat(onDevice)).size, PUT_BYTES);
  const hash = createHash("sha256");
  await pipeline(createReadStream(onDevice), hash);
  assert.equal(hash.digest("hex"), written);
});

/** Random bytes, no block of them like another; the SHA-256 of the whole. */
async function writeIncompressible(file: string, sizeBytes: number): Promise<string> {
  const block = Buffer.allocUnsafe(8 * MIB);
  randomFillSync(block);
  const hash = createHash("sha256");
  await using handle = await open(file, "w");
  for (let written = 0; written < sizeBytes; written += block.length) {
    block.writeBigUInt64LE(BigInt(written), 0);
    hash.update(block);
    await handle.write(block);
  }
  return hash.digest("hex");
}

/**
 * Samples the memory of server and agent until it is stopped. The largest growth of each must stay
 * below the limit.
 */
function watchMemory(world: World, { id }: WorldMachine) {
  const programs = { server: world.server, agent: world.agent(id) };
  const watched = Object.entries(programs).map(([name, { pid }]) => ({ name, pid, first: 0, most: 0 }));
  const look = async () => {
    for (const one of watched) {
      const rss = await residentBytes(one.pid);
      if (one.first === 0) one.first = rss;
      one.most = Math.max(one.most, rss);
    }
  };
  const timer = setInterval(() => void look(), 50);
  return {
    stopAndCheck() {
      clearInterval(timer);
      for (const { name, first, most } of watched) {
        const growth = most - first;
        console.log(
          `${name}: ${Math.round(first / MIB)} MiB before, grew by ${Math.round(growth / MIB)} MiB at the most`,
        );
        assert.ok(first > 0 && growth < ALLOWED_GROWTH_BYTES, `${name} grew by ${growth} bytes`);
      }
    },
  };
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
