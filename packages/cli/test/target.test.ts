import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chooseTarget, type TargetRequest } from "../src/download/target.ts";
import { CliError } from "../src/errors/cli-error.ts";
import { describeFailure } from "../src/errors/describe-failure.ts";
import { readSmallFile } from "../src/errors/local-file-error.ts";

const IS_ROOT = process.getuid?.() === 0;

describe("the target of a download", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "halligan-target-"));
    await mkdir(join(folder, "sub"));
    await mkdir(join(folder, "locked"));
    // Modes do not bind root.
    if (IS_ROOT) execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "halligan-test", join(folder, "locked")]);
    else await chmod(join(folder, "locked"), 0o500);
    await mkdir(join(folder, "sub", "auth.log"));
    await writeFile(join(folder, "file"), "x");
  });
  after(() => {
    if (IS_ROOT) execFileSync("umount", [join(folder, "locked")]);
    return rm(folder, { recursive: true, force: true });
  });
  const choose = (request: Partial<TargetRequest>) =>
    chooseTarget({
      devicePath: "/var/log/auth.log",
      output: undefined,
      mayReplace: false,
      currentFolder: folder,
      ...request,
    });
  const refused = (code: string, text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CliError);
    assert.deepEqual([error.exit, error.code], ["localFile", code]);
    assert.match(error.message, text);
    assert.ok(error.message.includes(folder));
    return true;
  };

  it("is a new file, a file in a folder, or standard output", async () => {
    const path = (name: string) => ({ path: join(folder, name) });
    assert.partialDeepStrictEqual(await choose({}), path("auth.log"));
    assert.partialDeepStrictEqual(await choose({ output: "new" }), path("new"));
    assert.partialDeepStrictEqual(await choose({ output: "sub", devicePath: "/etc/hosts" }), path("sub/hosts"));
    assert.deepEqual(await choose({ output: "-" }), { kind: "stdout" });
    assert.partialDeepStrictEqual(await choose({ output: "file", mayReplace: true }), path("file"));
  });

  it("is refused when it exists, when it is a folder, and when its folder is missing or is a file", async () => {
    await assert.rejects(choose({ output: "file" }), refused("FileExists", /--force replaces it/));
    await assert.rejects(choose({ output: "sub", mayReplace: true }), refused("IsAFolder", /is not replaced/));
    await assert.rejects(choose({ output: "gone/x" }), refused("NoSuchFolder", /Make it first: mkdir -p/));
    await assert.rejects(choose({ output: "gone/" }), refused("NoSuchFolder", /Make it first: mkdir -p/));
    await assert.rejects(choose({ output: "file/x" }), refused("NotAFolder", /not a folder/));
  });

  it("of --output-dir is a folder that exists", async () => {
    await assert.rejects(choose({ output: "gone", isFolder: true }), refused("NoSuchFolder", /mkdir -p/));
    await assert.rejects(choose({ output: "file", isFolder: true }), refused("NotAFolder", /is not a folder/));
    await assert.rejects(choose({ output: "-", isFolder: true }), refused("NoSuchFolder", /mkdir -p/));
  });

  it("is refused when its folder is not writable", { skip: process.platform === "win32" }, async () => {
    await assert.rejects(choose({ output: "locked" }), refused("FolderNotWritable", /no right to write/));
    await assert.rejects(choose({ output: "locked/x" }), refused("FolderNotWritable", /no right to write/));
  });

  it("a file that cannot be read is a sentence with its path", async () => {
    await assert.rejects(
      readSmallFile(join(folder, "gone"), 10),
      refused("NoSuchFile", /does not exist\. Check the path/),
    );
    await assert.rejects(readSmallFile(join(folder, "sub"), 10), refused("IsAFolder", /it is a folder\. Name a file/));
    await assert.rejects(readSmallFile(join(folder, "file", "x"), 10), refused("NotAFolder", /not a folder/));
    await assert.rejects(readSmallFile(process.execPath, 10), (error) => error instanceof CliError);
    const raw = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      ...{ code: "ENOSPC", syscall: "write", path: "/x" },
    });
    const { exit, code, message } = describeFailure(raw);
    assert.deepEqual([exit, code], ["localFile", "DiskFull"]);
    assert.equal(message, "/x cannot be used: the disk is full. Free some space or choose another folder.");
  });
});
