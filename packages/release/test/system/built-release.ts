import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../src/repository.ts";
import { runProgram } from "../../src/run-program.ts";

/** Two builds of the same sources, each in a folder of its own, signed with a key of this run. */
export interface BuiltRelease extends AsyncDisposable {
  readonly folder: string;
  readonly first: string;
  readonly second: string;
  /** The key that signed; its public half is in the file with `.pub`. */
  readonly key: string;
  /** One file of the first build, by the start of its name and what it does not end in. */
  file(start: string): Promise<string>;
  /** The unpacked archive of the server. */
  server(): Promise<string>;
}

const TARGET = "linux-x64";

export async function buildTwice(): Promise<BuiltRelease> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-built-"));
  const key = join(folder, "release-key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "a key of one test", "-f", key]);
  const [first, second] = [join(folder, "first"), join(folder, "deeper/in/the/second")];
  const entry = join(ROOT, "packages/release/bin/halligan-release.mjs");
  await Promise.all(
    [first, second].map(async (out, index) => {
      const temporary = join(folder, `tmp-${index}`);
      await mkdir(temporary);
      const env = { ...environment(), TMPDIR: temporary };
      await runProgram(process.execPath, [entry, "--only", TARGET, "--out", out, "--sign-key", key], {
        cwd: index === 0 ? ROOT : folder,
        env,
      });
    }),
  );
  const file = async (start: string): Promise<string> => {
    const name = (await readdir(first)).find((one) => new RegExp(`^${start}-\\d`).test(one) && one.includes(TARGET));
    if (name === undefined) throw new Error(`the release has no ${start}`);
    return join(first, name);
  };
  return {
    folder,
    first,
    second,
    key,
    file,
    async server() {
      const archive = (await readdir(first)).find((name) => name.endsWith(".tar.gz")) ?? "";
      const place = join(folder, "unpacked");
      await mkdir(place, { recursive: true });
      execFileSync("tar", ["-xzf", join(first, archive), "-C", place]);
      return join(place, archive.replace(/\.tar\.gz$/, ""));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Without the options of the test runner. */
function environment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^NODE_(?:OPTIONS|TEST_CONTEXT)$/.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? ""]));
}
