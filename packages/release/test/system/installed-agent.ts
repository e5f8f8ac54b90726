import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { Program } from "../../../dev/src/program.ts";
import type { BuiltRelease } from "./built-release.ts";
import type { BuiltServer } from "./built-server.ts";

/** Installs into the files of a system that does not run, which needs neither root nor systemd. */
export function installTest(built: () => BuiltRelease, server: () => BuiltServer): void {
  it("halligan-agent install makes a system's files, repairs them, and uninstall leaves nothing", async () => {
    const { client, credentials } = server();
    const url = credentials.baseUrl;
    const root = join(built().folder, "system");
    await mkdir(root);
    const file = await built().file("halligan-agent");
    const run = (program: string, ...args: readonly string[]) =>
      spawnSync(program, [...args, "--root", root], { encoding: "utf8", env: {}, cwd: "/" });

    const wrong = run(file, "install", "--server", url, "--token-file", "/dev/null");
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /There is no enrollment token/);
    assert.equal(run(file, "install").status, 64);

    const { token } = await client.createEnrollmentToken({ uses: 1, expiresInSeconds: 600 });
    const tokenFile = join(built().folder, "token");
    await writeFile(tokenFile, token, { mode: 0o600 });
    const first = run(file, "install", "--server", url, "--token-file", tokenFile);
    assert.equal(first.status, 0, first.stderr);
    const placed = join(root, "opt/halligan-agent/halligan-agent");
    assert.deepEqual(await readFile(placed), await readFile(file));
    assert.equal((await stat(placed)).mode & 0o7777, 0o755);
    assert.equal((await stat(join(root, "var/lib/halligan-agent"))).mode & 0o7777, 0o700);
    assert.equal(await readlink(join(root, "usr/local/bin/halligan-agent")), "/opt/halligan-agent/halligan-agent");
    const unit = join(root, "etc/systemd/system/halligan-agent.service");
    const text = await readFile(unit, "utf8");
    assert.equal((await stat(unit)).mode & 0o7777, 0o644);

    // The token was used up, so this can succeed only without an enrollment.
    await writeFile(unit, "damaged");
    await rm(placed);
    const again = run(file, "install");
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /Enrolled as machine [0-9a-f]{40} at .* before/);
    assert.equal(await readFile(unit, "utf8"), text);
    assert.equal(run(placed, "install").status, 0, "the installed program repairs itself");
    const elsewhere = run(placed, "install", "--server", "https://other.example");
    assert.equal(elsewhere.status, 1);
    assert.match(elsewhere.stderr, /is enrolled at .* uninstall it first/);

    const data = join(root, "var/lib/halligan-agent");
    await using agent = new Program("agent", { command: placed, args: ["run", "--data", data], env: {} });
    await agent.line((line) => line.includes('"event":"linked"'));
    await agent.stop();
    const status = spawnSync(placed, ["status", "--data", data], { encoding: "utf8" });
    assert.equal(status.status, 3, status.stderr);
    assert.match(status.stdout, /^machine +[0-9a-f]{40}\nconnection +not running$/m);

    assert.equal(run(file, "uninstall", "--keep-data").status, 0);
    assert.deepEqual(await filesIn(root), await filesIn(root, "var/lib/halligan-agent"));
    assert.equal(run(file, "uninstall").status, 0);
    assert.deepEqual(await filesIn(root), []);
  });

  it("halligan-agent install refuses a copy that is plain Bun, and keeps the program that is there", async () => {
    const root = join(built().folder, "other-system");
    const place = join(root, "opt/halligan-agent");
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "halligan-agent"), "#!/bin/sh\necho kept\n");
    await chmod(join(place, "halligan-agent"), 0o755);
    const { placeExecutable } = await import("../../../agent/src/install/place-executable.ts");
    const { installLayout } = await import("../../../agent/src/install/layout.ts");
    const stripped = join(built().folder, "stripped-agent");
    assert.equal(spawnSync("strip", ["-o", stripped, await built().file("halligan-agent")]).status, 0);
    await assert.rejects(placeExecutable(stripped, installLayout(root), "halligan-agent 0"), /Was it stripped/);
    assert.deepEqual(await readdir(place), ["halligan-agent"]);
    assert.match(await readFile(join(place, "halligan-agent"), "utf8"), /kept/);
  });
}

/** Files and links below a folder, from the root. */
async function filesIn(root: string, below = "."): Promise<string[]> {
  const entries = await readdir(join(root, below), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
