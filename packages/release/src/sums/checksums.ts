import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export const SUMS_FILE = "SHA256SUMS";

/** Writes {@link SUMS_FILE} for a folder, in the form that `sha256sum --check` reads. */
export async function writeChecksums(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith(SUMS_FILE)).toSorted();
  const lines: string[] = [];
  for (const name of names) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(folder, name)), hash);
    lines.push(`${hash.digest("hex")}  ${name}\n`);
  }
  const file = join(folder, SUMS_FILE);
  await writeFile(file, lines.join(""));
  return file;
}
