import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { MACHINE_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

describe("local files and arguments that are not as usual", { concurrency: 4 }, () => {
  it("a local file that states no size is sent whole", { skip: process.platform !== "linux" }, async () => {
    await using world = await makeWorld();
    const text = await readFile("/proc/version");
    const { exitCode, stderr } = await world.run("put", MACHINE_ID, "/proc/version");
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual([...world.api.staged.values()].map(String), [String(text)]);
  });

  it("what is no plain file is refused by its kind, and nothing starts", {
    skip: process.platform === "win32",
  }, async () => {
    await using world = await makeWorld();
    await mkdir(join(world.folder, "folder.sh"));
    execFileSync("mkfifo", [join(world.folder, "pipe.sh")]);
    await symlink("gone", join(world.folder, "link.sh"));
    const cases: readonly (readonly [string, RegExp])[] = [
      ["./folder.sh", /\.\/folder\.sh is a folder.*Name a file/],
      ["./pipe.sh", /\.\/pipe\.sh is a named pipe.*Save its content to a file/],
      ["/dev/null", /\/dev\/null is a device.*Save its content to a file/],
      ["./link.sh", /There is no file \.\/link\.sh here/],
    ];
    for (const [path, expected] of cases) {
      const runs = [
        ["run", "web-01", path],
        ["put", "web-01", path],
        ["library", "add", path],
      ];
      for (const words of runs) {
        const { exitCode, stderr } = await world.run(...words);
        assert.match(stderr, expected);
        assert.equal(exitCode, 73, stderr);
      }
    }
    assert.equal(world.api.started.length, 0);
  });

  it("arguments that are not UTF-8 are refused, since other ones would reach the script", {
    skip: process.platform !== "linux",
  }, async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    // A shell passes such bytes on; the spawn of Node does not.
    const run = (bytes: string) => {
      const { child, ended } = world.spawn(["run", "web-01", "a.sh", "--", "unused"], {
        variables: credentialsOf(world.api),
        through: ["bash", "-c", `exec "\${@:1:5}" -- $'${bytes}'`, "bash"],
      });
      child.stdin.end();
      return ended;
    };
    const { exitCode, stderr } = await run("a\\xff");
    assert.equal(exitCode, 64, stderr);
    assert.match(stderr, /The argument "a\ufffd" is not valid UTF-8/);
    assert.equal(world.api.started.length, 0);
    // The replacement character itself is text as any other.
    assert.equal((await run("a\\xef\\xbf\\xbd")).exitCode, 0);
    assert.match(JSON.stringify(world.api.started[0]?.Commands), /a\ufffd/);
  });
});
