import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "@halligan/protocol/errors";

/**
 * Reads `file`, or creates it with the content of `make`: 0600, completely or not at all, and
 * durable before it is used.
 */
export async function readOrMake(file: string, make: () => Uint8Array): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
  }
  const content = Buffer.from(make());
  await writePrivateFile(file, content);
  return content;
}

/**
 * Writes a file that only its owner can read. Uses a temporary name, and syncs the file and its
 * folder.
 */
export async function writePrivateFile(file: string, content: Uint8Array): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export const isMissing = (cause: unknown): boolean => errorCode(cause) === "ENOENT";
