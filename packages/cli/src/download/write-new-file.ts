import { randomUUID } from "node:crypto";
import { link, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "@halligan/protocol/errors";
import { localFileError } from "../errors/local-file-error.ts";
import { existsError, refuseExisting } from "./target.ts";

/**
 * Gives the file its name only when it is complete on the disk. A download that broke off leaves no
 * file. The mode is 0600, because the file is evidence. Throws CliError `localFile` when the name
 * is taken and may not be.
 */
export async function writeNewFile(
  path: string,
  mayReplace: boolean,
  write: (chunkSink: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}.part`);
  try {
    await using file = await open(temporary, "wx", 0o600);
    await write(async (chunk) => {
      await file.writeFile(chunk);
    });
    await file.sync();
    await moveInto(temporary, path, mayReplace);
  } catch (error) {
    throw localFileError(path, error);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function moveInto(temporary: string, path: string, mayReplace: boolean): Promise<void> {
  if (mayReplace) return rename(temporary, path);
  try {
    // A link fails by itself when the name exists. A check followed by a rename could replace a
    // file that was created in between.
    await link(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") throw existsError(path);
    // File systems without links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS" && code !== "EOPNOTSUPP") throw error;
    await refuseExisting(path, false);
    await rename(temporary, path);
  }
}
