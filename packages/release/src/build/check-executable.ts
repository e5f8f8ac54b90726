import { readFile } from "node:fs/promises";
import { runProgram } from "../run-program.ts";

/**
 * Rejects for a file that lost our code. `strip`, and with it the build tools of RPM and Debian
 * packages, silently turns a compiled program into plain Bun, which then accepts any script. Only a
 * start shows this, because the bytes of the code stay in the file. A file for another system is
 * searched for its commit.
 *
 * @param expected what the program's `--version` prints, without the end of the line; it is run
 * only where `isForThisSystem`
 */
export async function checkExecutable(
  file: string,
  expected: { versionLine: string; commit: string },
  isForThisSystem: boolean,
): Promise<void> {
  const bytes = await readFile(file);
  if (!bytes.includes(expected.commit)) throw new Error(`${file} does not contain the code of ${expected.commit}`);
  if (!isForThisSystem) return;
  const printed = (await runProgram(file, ["--version"], { cwd: "/", env: {} })).trim();
  if (printed !== expected.versionLine) {
    throw new Error(`${file} --version prints "${printed}" in place of "${expected.versionLine}"`);
  }
}
