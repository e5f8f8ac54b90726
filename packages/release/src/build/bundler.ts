import { runProgram } from "../run-program.ts";

/** What every build of Bun's bundler needs. */
export interface Bundler {
  /** Bun of this system. */
  readonly bun: string;
  readonly root: string;
  /** Replaces `HALLIGAN_COMMIT` in the sources (`packages/protocol/src/version/index.ts`). */
  readonly commit: string;
}

/**
 * Runs `bun build` in the root of the repository, because paths below it are in the output. The
 * environment has nothing that could change what is built.
 */
export async function bundle(bundler: Bundler, args: readonly string[]): Promise<void> {
  const define = `HALLIGAN_COMMIT=${JSON.stringify(bundler.commit)}`;
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  await runProgram(bundler.bun, ["build", "--define", define, ...args], {
    cwd: bundler.root,
    env: { PATH, HOME, TMPDIR, BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
  });
}
