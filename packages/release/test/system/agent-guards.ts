import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import type { BuiltRelease } from "./built-release.ts";

/** What must not change the built agent, which runs as root. */
export function guardTests(built: () => BuiltRelease): void {
  const agent = async (args: readonly string[], env: Record<string, string> = {}, cwd = built().folder) =>
    spawnSync(await built().file("halligan-agent"), args, { cwd, env, encoding: "utf8" });

  it("halligan-agent shows its version and commit without any environment", async () => {
    const { stdout, status } = await agent(["--version"]);
    assert.match(stdout, /^halligan-agent \d+\.\d+\.\d+ \([0-9a-f]{12}(?:\.modified)?\)\n$/);
    assert.equal(status, 0);
  });

  it("halligan-agent reads no .env and no bunfig.toml of the current folder", async () => {
    const folder = join(built().folder, "hostile");
    await mkdir(folder);
    await writeFile(join(folder, "evil.ts"), 'console.log("the code of another ran");\n');
    await writeFile(join(folder, "bunfig.toml"), `preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\n`);
    await writeFile(join(folder, ".env"), "HALLIGAN_AGENT_KILL_GRACE_MS=1234\n");
    await writeFile(join(folder, "package.json"), '{ "imports": { "#x": "./evil.ts" } }\n');
    await writeFile(join(folder, "tsconfig.json"), '{ "compilerOptions": { "paths": { "*": ["./evil.ts"] } } }\n');
    const { stdout, stderr, status } = await agent(["config", "--data", join(folder, "data")], {}, folder);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /the code of another ran|1234/);
    assert.match(stdout, /kill_grace_ms = 500/);
    const set = await agent(["config", "--data", join(folder, "data")], { HALLIGAN_AGENT_KILL_GRACE_MS: "1234" });
    assert.match(set.stdout, /1234/);
  });

  for (const name of ["BUN_OPTIONS", "BUN_INSPECT_PRELOAD", "BUN_JSC_useJIT"]) {
    it(`halligan-agent refuses to start with ${name}`, async () => {
      const value = name === "BUN_OPTIONS" ? "--smol" : "0";
      const { stdout, stderr, status } = await agent(["--version"], { [name]: value });
      assert.equal(status, 78);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`^halligan-agent: ${name} is set`));
    });
  }

  it("halligan-agent refuses to start with BUN_BE_BUN, but for 1, which makes it plain Bun", async () => {
    const refused = await agent(["--version"], { BUN_BE_BUN: "0" });
    assert.equal(refused.status, 78);
    assert.match(refused.stderr, /BUN_BE_BUN is set/);
    // Nothing of ours runs then. When Bun changes this, docs/platforms.md can change too.
    const plain = await agent(["--version"], { BUN_BE_BUN: "1" });
    assert.match(plain.stdout, /^\d+\.\d+\.\d+\n$/);
  });
}
