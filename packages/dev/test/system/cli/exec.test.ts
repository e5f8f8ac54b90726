import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { World } from "../../../src/world.ts";
import { halligan as callHalligan } from "./halligan.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("halligan exec with a real server and agent", { timeout: 600_000 }, () => {
  let world: World;
  before(async () => {
    world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  });
  after(() => world[Symbol.asyncDispose]());

  const halligan = (...args: string[]) => callHalligan(world, ...args);
  const library = async () => JSON.parse((await halligan("library", "list", "--json")).stdout);

  test("a command line runs, its exit code is the process's, and the library stays as it is", async () => {
    const before = await library();
    const line = "printf 'b\\na\\n' | sort | head -1; echo err >&2; exit 7";
    const ended = await halligan("exec", "device-1", line);
    assert.deepEqual(
      { exitCode: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr },
      { exitCode: 7, stdout: "a\n", stderr: "err\n" },
    );
    const byFilter = await halligan(
      "exec",
      "--filter",
      "computerDnsName eq 'device-1'",
      "--json",
      "--",
      "echo",
      "-n",
      "x",
    );
    const document = JSON.parse(byFilter.stdout);
    assert.equal(document.results[0].output, "x");
    assert.deepEqual(await library(), before);

    const { stdout } = await halligan("action", document.action.id, "--script");
    const content = "echo -n x\n";
    assert.match(
      stdout,
      new RegExp(`script of command 0: script\\.sh, 10 bytes, SHA-256 ${sha256(content)}\necho -n x\n$`),
    );
  });

  test("an action shows scripts that are not UTF-8 by their bytes, and says when it runs none", async () => {
    await writeFile(join(world.folder, "bytes.sh"), Buffer.from("#!/bin/sh\necho \xff\n", "latin1"));
    const ended = await halligan("run", "device-1", "./bytes.sh", "--json");
    const { action } = JSON.parse(ended.stdout);
    const shown = JSON.parse((await halligan("action", action.id, "--script", "--json")).stdout).scripts;
    assert.equal(shown.length, 1);
    assert.equal(Buffer.from(shown[0].base64, "base64").toString("latin1"), "#!/bin/sh\necho \xff\n");
    const got = JSON.parse((await halligan("get", "device-1", "/etc/hostname", "--json")).stdout);
    assert.match((await halligan("action", got.action.id, "--script")).stdout, /It runs no script\.\n$/);
  });

  test("library diff shows the difference between two versions, of text and not of other bytes", async () => {
    const versions: string[] = [];
    for (const content of ["one\ntwo\n", "one\nthree\n", "one\nthree\nfour"]) {
      await writeFile(join(world.folder, "diffed.sh"), content);
      assert.equal((await halligan("library", "add", "diffed.sh", "--override")).exitCode, 0);
      versions.push(sha256(content));
    }
    const lines = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await halligan("library", "diff", "diffed.sh", ...args);
      assert.equal(exitCode, 0, stderr);
      return stdout.split("\n");
    };
    const [first = "", second = "", third = ""] = versions;
    const newest = await lines();
    assert.ok(newest[0]?.startsWith(`--- diffed.sh\t${second.slice(0, 12)} `), newest[0]);
    assert.ok(newest[1]?.startsWith(`+++ diffed.sh\t${third.slice(0, 12)} `), newest[1]);
    assert.deepEqual(newest.slice(2), [
      "@@ -1,2 +1,3 @@",
      " one",
      " three",
      "+four",
      "\\ No newline at end of file",
      "",
    ]);
    assert.deepEqual((await lines(first.slice(0, 8), second)).slice(2), [
      "@@ -1,2 +1,2 @@",
      " one",
      "-two",
      "+three",
      "",
    ]);
    assert.deepEqual(await lines(first, first), [""]);
    await writeFile(join(world.folder, "diffed.sh"), Buffer.from([0xff, 0x00]));
    await halligan("library", "add", "diffed.sh", "--override");
    assert.match((await lines()).join("\n"), /are not text, and differ/);
    const document = JSON.parse((await halligan("library", "diff", "diffed.sh", "--json")).stdout);
    assert.deepEqual([document.isBinary, document.diff, document.from.sha256], [true, null, third]);
    assert.equal((await halligan("library", "diff", "diffed.sh", "ffffffff")).exitCode, 66);
    assert.equal((await halligan("library", "diff", "none.sh")).exitCode, 66);
  });
});
