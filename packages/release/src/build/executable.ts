import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Target } from "../targets.ts";
import { type Bundler, bundle } from "./bundler.ts";

/** A program of one file. */
export interface Executable {
  readonly name: string;
  /** The module that it starts with, from the root of the repository or absolute. */
  readonly main: string;
}

export const AGENT = { name: "halligan-agent", main: "packages/agent/src/main.ts" } as const;
export const CLI = { name: "halligan", main: "packages/cli/src/main.ts" } as const;

/**
 * - `--compile-executable-path`: without it Bun downloads a runtime by itself, which nothing pins.
 * - `--no-compile-autoload-*`: without them a `bunfig.toml` of the current folder runs code, and an
 *   `.env` there changes settings.
 * - `--splitting`: the code of a command is read only when the command runs.
 */
const FLAGS = [
  "--compile",
  "--minify",
  "--bytecode",
  "--splitting",
  "--format=esm",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
] as const;

/**
 * Compiles a program for one system into `file`. The name of the output is part of its bytes, so
 * the file is compiled under one fixed name, in a folder of its own.
 *
 * @param runtime Bun of the target
 */
export async function compileExecutable(
  bundler: Bundler,
  { name, main }: Executable,
  target: Pick<Target, "bunTarget" | "isWindows">,
  runtime: string,
  file: string,
): Promise<void> {
  const folder = `${file}.partial`;
  const output = join(folder, target.isWindows ? `${name}.exe` : name);
  await mkdir(folder);
  try {
    const place = [`--target=${target.bunTarget}`, `--compile-executable-path=${runtime}`, "--outfile", output];
    await bundle(bundler, [...FLAGS, ...place, main]);
    await rename(output, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
