import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { CLI, compileExecutable } from "../../../release/src/build/executable.ts";

const BUN = fileURLToPath(new URL("../../../../node_modules/@oven/bun-linux-x64/bin/bun", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const ROUNDS = 5;
/** In one measurement, because the shell's times are whole milliseconds and a start takes a few. */
const STARTS = 10;
const skip = process.platform === "linux" && existsSync(BUN) ? false : "the lock has no Bun for this system";

/**
 * The processor time of an executable, against one without any code in the same run. `--splitting`
 * matters: without it the code of every command is read at each start, and the ratio is 4.5 in
 * place of 2.5.
 */
describe("the start of halligan as an executable", { skip, timeout: 180_000 }, () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "halligan-start-"));
    await writeFile(join(folder, "empty.ts"), "export {};\n");
    const bundler = { bun: BUN, root: ROOT, commit: "0123456789ab" };
    const target = { bunTarget: "bun-linux-x64", isWindows: false };
    for (const program of [{ name: "empty", main: join(folder, "empty.ts") }, CLI]) {
      await compileExecutable(bundler, program, target, BUN, join(folder, program.name));
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Mean user and system time of one start in milliseconds, by the shell that waited for it. */
  function processorMs(name: string, args: readonly string[]): number {
    const script = `TIMEFORMAT="%U %S"; time for ((i = 0; i < ${STARTS}; i++)); do "$@" >/dev/null; done`;
    const { stderr, status } = spawnSync("bash", ["-c", script, "bash", join(folder, name), ...args], {
      encoding: "utf8",
      env: { HOME: folder, PATH: process.env.PATH ?? "", LC_ALL: "C" },
    });
    assert.equal(status, 0, stderr);
    const [user = Number.NaN, system = Number.NaN] = stderr.trim().split(" ").map(Number);
    return ((user + system) * 1_000) / STARTS;
  }

  it("takes at most 3.3 times the processor time of an empty one to show its version and its help", (test) => {
    const calls = { empty: [], "--version": ["--version"], help: ["help"] };
    const least: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [title, args] of Object.entries(calls)) {
        const tookMs = processorMs(title === "empty" ? "empty" : "halligan", args);
        least[title] = Math.min(least[title] ?? Number.POSITIVE_INFINITY, tookMs);
      }
    }
    const { empty = Number.NaN, "--version": version = Number.NaN, help = Number.NaN } = least;
    test.diagnostic(`processor time: empty ${empty} ms, --version ${version} ms, help ${help} ms`);
    assert.ok(version <= 3.3 * empty, `--version takes ${version} ms, an empty executable ${empty} ms`);
    assert.ok(help <= 3.3 * empty, `help takes ${help} ms, an empty executable ${empty} ms`);
  });
});
