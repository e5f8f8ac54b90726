/**
 * PutFile: copies a library file into the working folder under its name, completely or not at all.
 */
import { open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { CommandJob, Random, TransferCommand, TransferEnd } from "../../core/ports.ts";
import { syncFolder } from "../../disk/durable.ts";
import { isErrno, reasonOf } from "../../disk/errno.ts";
import { roomIn } from "../../disk/folder-room.ts";
import { ensureDataFolders } from "../../disk/private-folder.ts";
import { download } from "../../transfer/download.ts";
import { TransferFailedError, TransferWatch } from "../../transfer/transfer-watch.ts";
import type { CommandDeps } from "../command-deps.ts";
import { deviceFileNameFault, notInLibrary } from "../file-name.ts";

type PutFileCommand = Extract<TransferCommand, { type: "PutFile" }>;
const TEMPORARY_PREFIX = ".halligan-put-";

export async function putFile(
  deps: CommandDeps & { random: Random },
  job: CommandJob<PutFileCommand>,
  signal: AbortSignal,
): Promise<TransferEnd> {
  const { fileName, file } = job.command;
  if (!file) return failed(notInLibrary(fileName));
  const fault = deviceFileNameFault(fileName);
  if (fault !== null) {
    return failed(`The file's name ${fault}. Put it under another name.`);
  }
  const temporary = path.join(deps.folder.work, `${TEMPORARY_PREFIX}${deps.random.id()}`);
  try {
    ensureDataFolders(deps.folder);
    const roomBytes = roomIn(deps.folder.work, deps.settings.maxWorkFolderBytes);
    if (file.sizeBytes > roomBytes) {
      return failed(
        `'${fileName}' has ${file.sizeBytes} bytes, but the device's working folder may have ${roomBytes} more ` +
          "(max_work_folder_bytes).",
      );
    }
    {
      // Exclusive, so the agent does not follow a link that a script left under this name. The
      // rename replaces such a link and does not follow it.
      await using handle = await open(temporary, "wx+", 0o700);
      using watch = new TransferWatch(deps.clock, job.limits, signal);
      await download(deps, job.actionId, file, handle, watch);
      await handle.sync();
    }
    await rename(temporary, path.join(deps.folder.work, fileName));
    await syncFolder(deps.folder.work);
    return { outcome: "completed", errors: [], result: null };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    signal.throwIfAborted();
    if (error instanceof TransferFailedError) return failed(error.message);
    if (isErrno(error, "EISDIR", "ENOTEMPTY", "EEXIST")) {
      return failed(`'${fileName}' could not be put into the working folder: a folder has this name there.`);
    }
    return failed(`'${fileName}' could not be put into the working folder: ${reasonOf(error)}.`);
  }
}

/** Removes what a dead agent left behind. */
export async function removeTemporaryFiles(workFolder: string): Promise<void> {
  for (const name of await readdir(workFolder)) {
    if (name.startsWith(TEMPORARY_PREFIX)) await rm(path.join(workFolder, name), { force: true });
  }
}

function failed(error: string): TransferEnd {
  return { outcome: "failed", errors: [error], result: null };
}
