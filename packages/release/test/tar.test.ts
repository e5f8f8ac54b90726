import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ArchiveFile, tar } from "../src/archive/tar.ts";
import { writeArchive } from "../src/archive/write-archive.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-tar-"));
after(() => rm(folder, { recursive: true, force: true }));
const TIME_SECONDS = 1_700_000_000;
const long = `${"folder/".repeat(20)}${"n".repeat(90)}`;
const files: ArchiveFile[] = [
  { path: "top/z.txt", isExecutable: false, content: Buffer.from("last\n") },
  { path: "top/bin/run", isExecutable: true, content: { file: join(folder, "run") } },
  { path: `top/${long}`, isExecutable: false, content: Buffer.alloc(512, "x") },
];

test("an archive has its files for root, in the order of their names, with one time, as tar reads it", async () => {
  await writeFile(join(folder, "run"), "#!/bin/sh\n".repeat(100));
  const file = join(folder, "a.tar.gz");
  await writeArchive(file, files, TIME_SECONDS);
  const list = execFileSync("tar", ["-tvzf", file, "--utc", "--full-time", "--numeric-owner"], { encoding: "utf8" });
  const entries = list.trim().split("\n");
  assert.ok(
    entries.every((line) => / 0\/0 +\d+ 2023-11-14 22:13:20 top\//.test(line)),
    list,
  );
  const places = entries.map((line) => line.split(" ").at(-1) ?? "");
  assert.deepEqual(places, places.toSorted());
  assert.match(list, /^-rwxr-xr-x 0\/0 +1000 .* top\/bin\/run$/m);
  assert.match(list, /^-rw-r--r-- 0\/0 +5 .* top\/z\.txt$/m);
  assert.match(list, /^drwxr-xr-x 0\/0 +0 .* top\/bin\/$/m);
  const out = (path: string) => execFileSync("tar", ["-xzOf", file, path]);
  assert.deepEqual(out("top/bin/run"), await readFile(join(folder, "run")));
  assert.equal(out(`top/${long}`).length, 512);
});

test("the order in which files are given changes no byte", async () => {
  const [one, two] = [join(folder, "one.tar.gz"), join(folder, "two.tar.gz")];
  await writeArchive(one, files, TIME_SECONDS);
  await writeArchive(two, files.toReversed(), TIME_SECONDS);
  assert.deepEqual(await readFile(one), await readFile(two));
});

for (const path of ["top/ü", `top/${"n".repeat(101)}`, `${"f".repeat(160)}/n`]) {
  test(`a path that the form does not take is refused: ${path.slice(0, 20)} of ${path.length}`, async () => {
    const blocks = tar([{ path, isExecutable: false, content: Buffer.from("") }], TIME_SECONDS);
    await assert.rejects(writeFile(join(folder, "refused.tar"), blocks), /archive/);
  });
}
