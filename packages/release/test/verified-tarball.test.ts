import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { verifiedTarball } from "../src/runtimes/verified-tarball.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-tarball-"));
const served = join(folder, "served.tgz");
const cache = join(folder, "cache");
const path = process.env.PATH;
const wanted = {
  name: "@oven/bun-of-a-test",
  version: "1.0.0",
  integrity: `sha512-${createHash("sha512").update("the pinned bytes").digest("base64")}`,
  path: "node_modules/@oven/bun-of-a-test",
  license: "MIT",
};

/** In place of npm, because a test asks no registry: copies {@link served} as `npm pack` does. */
const NPM = `#!/bin/sh
[ "$1 $2" = "pack ${wanted.name}@${wanted.version}" ] && cp "${served}" "$4/oven-bun.tgz"
`;

before(async () => {
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin/npm"), NPM);
  await chmod(join(folder, "bin/npm"), 0o755);
  process.env.PATH = `${join(folder, "bin")}${delimiter}${path}`;
});
after(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

test("a runtime whose bytes are not those of the lockfile is refused and not kept", async () => {
  await writeFile(served, "other bytes");
  await assert.rejects(verifiedTarball(folder, cache, wanted), /is not what package-lock\.json pins/);
  await writeFile(served, "the pinned bytes");
  assert.equal(await readFile(await verifiedTarball(folder, cache, wanted), "utf8"), "the pinned bytes");
});

test("a kept runtime is checked at each use, and fetched again after a change", async () => {
  await writeFile(served, "the pinned bytes");
  const file = await verifiedTarball(folder, cache, wanted);
  await writeFile(file, "changed in the cache");
  assert.equal(await readFile(await verifiedTarball(folder, cache, wanted), "utf8"), "the pinned bytes");
  await writeFile(file, "changed in the cache");
  await rm(served);
  await assert.rejects(verifiedTarball(folder, cache, wanted), /npm pack/);
});
