/**
 * Fetches the script into a file that only the agent's account can access. The file has exactly the
 * pinned bytes.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { constants, copyFile, type FileHandle, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { OrderFile } from "@halligan/protocol/link";
import type { CommandJob, RunScriptCommand } from "../../core/ports.ts";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { scriptFolder } from "../../disk/order-files.ts";
import { LIMITS } from "../../limits.ts";
import { download, sha256Of } from "../../transfer/download.ts";
import { TransferFailedError, TransferWatch } from "../../transfer/transfer-watch.ts";
import type { CommandDeps } from "../command-deps.ts";
import { scriptFileName } from "../file-name.ts";
import { UTF8_MARK } from "./script-content.ts";

export interface FetchedScript {
  file: string;
  /** The first bytes of the open file with the verified SHA-256. They decide what runs it. */
  head: Uint8Array;
}

/**
 * Not made durable: a script that was not started before a crash is not started after it either.
 * Rejects with TransferFailedError for people, or with the signal's reason; then nothing of it is
 * left on disk.
 */
export async function fetchScript(
  deps: CommandDeps,
  job: CommandJob<RunScriptCommand>,
  file: OrderFile,
  signal: AbortSignal,
): Promise<FetchedScript> {
  const folder = scriptFolder(deps.folder, job.orderSeq, job.index);
  const target = path.join(folder, scriptFileName(job.command.scriptName));
  try {
    makeEmptyFolder(folder);
    const kept = deps.keptScripts.get(file);
    if (kept) {
      writeFileSync(target, kept, { flag: "wx", mode: 0o700 });
      return { file: target, head: kept.subarray(0, LIMITS.maxScriptHeadBytes) };
    }
    const copied = await copyEarlier(deps, job, file, target);
    if (copied) return { file: target, head: copied };
    await using handle = await open(target, "wx+", 0o700);
    using watch = new TransferWatch(deps.clock, job.limits, signal);
    await download(deps, job.actionId, file, handle, watch);
    if (!deps.keptScripts.mayKeep(file))
      return { file: target, head: await startOf(handle, LIMITS.maxScriptHeadBytes) };
    const bytes = await startOf(handle, file.sizeBytes);
    deps.keptScripts.keep(file, bytes);
    return { file: target, head: bytes.subarray(0, LIMITS.maxScriptHeadBytes) };
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    signal.throwIfAborted();
    if (error instanceof TransferFailedError) throw error;
    throw new TransferFailedError(`The script could not be put on the device: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Removes the byte order mark from the copy that runs. Returns the SHA-256 of the rest. */
export async function removeMark(script: FetchedScript): Promise<string> {
  const shorter = `${script.file}.new`;
  const hash = createHash("sha256");
  await pipeline(
    createReadStream(script.file, { start: UTF8_MARK.length }),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(shorter, { flags: "wx", mode: 0o700 }),
  );
  await rename(shorter, script.file);
  return hash.digest("hex");
}

/** Removes what an incomplete attempt left behind, so no script runs from there. */
function makeEmptyFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return;
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
}

/**
 * An order fetches the same library file once. Returns the first bytes of the copy, or null when
 * the file must be fetched.
 */
async function copyEarlier(
  deps: CommandDeps,
  job: CommandJob<RunScriptCommand>,
  file: OrderFile,
  target: string,
): Promise<Uint8Array | null> {
  for (const earlier of job.earlier) {
    if (earlier.type !== "RunScript" || earlier.file?.sha256 !== file.sha256) continue;
    const from = path.join(scriptFolder(deps.folder, job.orderSeq, earlier.index), scriptFileName(earlier.scriptName));
    try {
      await copyFile(from, target, constants.COPYFILE_EXCL);
      await using handle = await open(target, "r");
      await handle.chmod(0o700);
      // A script may have changed its own file.
      if ((await sha256Of(handle, file.sizeBytes)) === file.sha256)
        return await startOf(handle, LIMITS.maxScriptHeadBytes);
    } catch {
      // The file is gone, so it is fetched again.
    }
    await rm(target, { force: true });
  }
  return null;
}

async function startOf(handle: FileHandle, sizeBytes: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(sizeBytes), 0, sizeBytes, 0);
  return buffer.subarray(0, bytesRead);
}
