import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeWorld } from "./halligan.ts";

describe("halligan library add", { concurrency: 4 }, () => {
  it("does not replace a file that is there, says what it is, and names the option that does", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("of a colleague"));
    await writeFile(join(world.folder, "a.sh"), "mine");
    const { exitCode, stderr } = await world.run("library", "add", "a.sh");
    assert.equal(exitCode, 67);
    assert.match(stderr, /a\.sh \(SHA-256 [0-9a-f]{64}, by app, updated .*\)\. Replace it with --force/);
    assert.equal(world.api.library.get("a.sh")?.toString(), "of a colleague");
    assert.equal((await world.run("library", "add", "a.sh", "--force")).exitCode, 0);
    assert.equal(world.api.library.get("a.sh")?.toString(), "mine");
  });

  it("sends a description only when one is given, and always the hash of what it read", async () => {
    await using world = await makeWorld();
    await writeFile(join(world.folder, "a.sh"), "mine");
    const queries: (string | null)[][] = [];
    world.api.onRequest = (line, query) => {
      if (line.startsWith("PUT ")) queries.push([query.get("description"), query.get("sha256")]);
    };
    await world.run("library", "add", "a.sh");
    await world.run("library", "add", "a.sh", "--override", "--description", "why");
    assert.deepEqual(
      queries.map(([description, sha256]) => [description, sha256?.length]),
      [
        [null, 64],
        ["why", 64],
      ],
    );
  });
});
