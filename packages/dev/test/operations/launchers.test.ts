import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { versionLine } from "@halligan/protocol/version";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "halligan-launchers-"));
after(() => rm(folder, { recursive: true, force: true }));

for (const name of ["halligan", "halligan-agent", "halligan-server"] as const) {
  test(`bin/${name} runs from another folder, through a link, whatever Node is first in PATH`, async () => {
    const link = join(folder, name);
    await symlink(join(root, "bin", name), link);
    await writeFile(join(folder, "node"), "#!/bin/sh\necho 'the wrong Node'; exit 1\n", { mode: 0o755 });
    const { status, stdout, stderr } = spawnSync(link, ["--version"], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    assert.equal(stderr, "");
    assert.equal(stdout, `${versionLine(name)}\n`);
    assert.equal(status, 0);
  });
}

test("no file of the repository makes a reader or a script fetch a package of our names from the registry", async () => {
  const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");
  const fetches = /\b(?:npx|bunx|npm exec|npm x|npm (?:i|install|add) (?:-g|--global))\s+(?:-\S+\s+)*@?halligan/;
  const found: string[] = [];
  for (const file of tracked.filter((name) => /\.(?:md|m?js|ts|sh|json)$|^bin\/|^\.ci\//.test(name))) {
    if (fetches.test(await readFile(join(root, file), "utf8"))) found.push(file);
  }
  assert.deepEqual(found, []);
});
