import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Runtime, runtimeExecutable } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import { halligan as callHalligan } from "./halligan.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

for (const runtime of ["node", "bun"] as const satisfies Runtime[]) {
  const skip = runtimeExecutable(runtime) === null ? `there is no ${runtime} for this platform in this install` : false;
  describe(`halligan get of folders and patterns, agent under ${runtime}`, { skip, timeout: 120_000 }, () => {
    let world: World;
    let tree: string;
    let machine: string;
    before(async () => {
      world = await World.start({ runtime, settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
      machine = world.machines[0]?.id ?? "";
      tree = join(realpathSync(world.folder), "tree");
      mkdirSync(join(tree, "sub"), { recursive: true });
      mkdirSync(join(world.folder, "evidence"));
      writeFileSync(join(tree, "a.log"), "one");
      writeFileSync(join(tree, "sub", "b.log"), Buffer.alloc(2_500_000, "line\n"));
      writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from("n\xff", "latin1")]), "bytes");
      symlinkSync("a.log", join(tree, "link"));
      linkSync(join(world.machines[0]?.dataDir ?? "", "device-key.pem"), join(tree, "key"));
    });
    after(() => world[Symbol.asyncDispose]());

    const halligan = (...args: string[]) => callHalligan(world, ...args);

    test("a folder is saved as NAME.tar.gz, without the agent's key, and its errors are listed", async () => {
      const { exitCode, stdout, stderr } = await halligan("get", machine, `${tree}/`, "--folder", "-o", "evidence/");
      assert.equal(exitCode, 0, stderr);
      const saved = join(world.folder, "evidence", "tree.tar.gz");
      assert.match(stdout, new RegExp(`tree\\.tar\\.gz .* SHA-256 ${sha256(readFileSync(saved))}`));
      assert.match(stderr, /3 files, 2\.4 MiB, 1 of 7 entries with an error\n {2}\S*\/key: it is the agent's own key/);
      const root = join(world.folder, "unpacked");
      mkdirSync(root);
      execFileSync("tar", ["-xzf", saved, "-C", root]);
      const there = join(root, "files", tree);
      const names = readdirSync(there, { encoding: "buffer" }).map((name) => name.toString("latin1"));
      assert.deepEqual(names.sort(), ["a.log", "link", "n\xff", "sub"]);
      assert.deepEqual(readFileSync(join(there, "sub", "b.log")), readFileSync(join(tree, "sub", "b.log")));
      const lines = readFileSync(join(root, "manifest", "000001.jsonl"), "utf8")
        .trim()
        .split("\n");
      assert.equal(JSON.parse(lines.at(-1) ?? "").files, 3);
    });

    test("a pattern, its limits, and the result that is fetched later", async () => {
      const asked = ["get", machine, join(tree, "**", "*.log"), "--pattern", "--max-bytes", "1K", "--json"];
      const { exitCode, stdout } = await halligan(...asked, "-o", "logs.tar.gz");
      assert.equal(exitCode, 0);
      const { action, results } = JSON.parse(stdout);
      assert.deepEqual(results[0].archive, {
        entries: 2,
        files: 1,
        bytes: 3,
        errors: 1,
        truncated: "maxBytes",
        failed: [{ path: join(tree, "sub", "b.log"), error: "its 2500000 bytes do not fit: 1021 of 1024 are left" }],
      });
      assert.equal((await halligan("result", action.id)).exitCode, 0);
      const [first, later] = ["logs.tar.gz", "tree.tar.gz"].map((name) => readFileSync(join(world.folder, name)));
      assert.deepEqual(later, first);
      assert.equal((await halligan("action", action.id, "--verify")).exitCode, 0);
      const none = await halligan("get", machine, join(tree, "*.none"), "--pattern", "--force");
      assert.notEqual(none.exitCode, 0);
      assert.match(none.stderr, /Nothing on the device matches/);
    });

    test("a file whose name is not UTF-8 is asked for in base64", async () => {
      const encoded = Buffer.concat([Buffer.from(`${tree}/`), Buffer.from("n\xff", "latin1")]).toString("base64");
      const { exitCode, stderr } = await halligan("get", machine, encoded, "--path-base64", "-o", "named");
      assert.equal(exitCode, 0, stderr);
      assert.equal(readFileSync(join(world.folder, "named"), "utf8"), "bytes");
    });
  });
}
