/** GetFile: a file of the device as gzip, in parts, without a copy on disk. */

import type { CommandJob, TransferCommand, TransferEnd } from "../core/ports.ts";
import { gzipMember } from "../transfer/gzip-member.ts";
import { ServerRefused } from "../transfer/server-request.ts";
import { TransferFailed, TransferWatch } from "../transfer/transfer-watch.ts";
import { upload } from "../transfer/upload.ts";
import type { CommandDeps } from "./command-deps.ts";
import { openSourceFile, readSourceFile } from "./source-file.ts";

type GetFileCommand = Extract<TransferCommand, { type: "GetFile" }>;

export async function getFile(
  deps: CommandDeps,
  job: CommandJob<GetFileCommand>,
  signal: AbortSignal,
): Promise<TransferEnd> {
  try {
    await using source = await openSourceFile(job.command.path, deps.folder.work);
    using watch = new TransferWatch(deps.clock, job.limits, signal);
    const result = await upload(deps, job, () => gzipMember(readSourceFile(source, watch.signal)), watch);
    const { grownBytes, before } = source;
    const grew = `The file grew by ${grownBytes} bytes while it was read; its first ${before.size} bytes are delivered.`;
    return { outcome: "completed", errors: grownBytes > 0 ? [grew] : [], result };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ServerRefused) return failed(`The server did not take the file: ${error.message}`);
    if (error instanceof TransferFailed) return failed(error.message);
    throw error;
  }
}

function failed(error: string): TransferEnd {
  return { outcome: "failed", errors: [error], result: null };
}
