/** GetFile: a file of the device as gzip, in parts, without a copy on disk. */

import type { CommandJob, TransferCommand, TransferEnd } from "../../core/ports.ts";
import { gzipMember } from "../../transfer/gzip-member.ts";
import { ServerRefusedError } from "../../transfer/server-request.ts";
import { TransferFailedError, TransferWatch } from "../../transfer/transfer-watch.ts";
import { upload } from "../../transfer/upload.ts";
import type { CommandDeps } from "../command-deps.ts";
import { changeNote } from "./file-change.ts";
import { openSourceFile } from "./source-file.ts";

export type GetFileCommand = Extract<TransferCommand, { type: "GetFile" }>;

/**
 * All bytes of one result come from one reading of one open file. A part that must be sent again
 * after a lost connection is still in memory. A whole result that must be sent again, for example
 * after a crash, is read again and gets another upload id.
 */
export function getFile(deps: CommandDeps, job: CommandJob<GetFileCommand>, signal: AbortSignal): Promise<TransferEnd> {
  return collection(deps, job, signal, async (watch) => {
    await using source = await openSourceFile(job.command, deps.folder, watch, deps.settings.maxUnsizedFileBytes);
    const result = await upload(deps, job, () => gzipMember(source.blocks()), watch);
    const { change, linkTarget } = source;
    const errors = [
      ...(linkTarget === null ? [] : [linkNote(job.command.path, linkTarget)]),
      ...(change ? [changeNote(change)] : []),
    ];
    return { outcome: "completed", errors, result: change ? { ...result, fileChange: change } : result };
  });
}

/** The end of a collection: a refusal or a limit of the transfer is a failure with its reason. */
export async function collection(
  deps: CommandDeps,
  job: CommandJob<GetFileCommand>,
  signal: AbortSignal,
  collect: (watch: TransferWatch) => Promise<TransferEnd>,
): Promise<TransferEnd> {
  try {
    // Begins before the first call of a file system, because that counts toward the limits too.
    using watch = new TransferWatch(deps.clock, job.limits, signal);
    return await collect(watch);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ServerRefusedError) return failed(`The server did not take the file: ${error.message}`);
    if (error instanceof TransferFailedError) return failed(error.message);
    throw error;
  }
}

/**
 * A note for people, in the command's `errors`. The content of another file than the named one can
 * be evidence or a trap.
 */
function linkNote(asked: string, target: string): string {
  return `Note: the path '${asked}' is or contains a link; the collected file is '${target}'.`;
}

function failed(error: string): TransferEnd {
  return { outcome: "failed", errors: [error], result: null };
}
