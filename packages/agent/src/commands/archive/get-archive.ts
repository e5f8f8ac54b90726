/** GetFile of a folder or of a pattern: one `.tar.gz`, in parts, without a copy on disk. */
import type { ManifestStart, OrderArchive } from "@halligan/protocol/link";
import type { CommandJob, TransferEnd } from "../../core/ports.ts";
import { gzipMember } from "../../transfer/gzip-member.ts";
import { TransferFailedError } from "../../transfer/transfer-watch.ts";
import { upload } from "../../transfer/upload.ts";
import type { CommandDeps } from "../command-deps.ts";
import { collection, type GetFileCommand } from "../files/get-file.ts";
import { statOwnKeys } from "../files/own-keys.ts";
import { ArchiveBytes, inBlocks } from "./archive-bytes.ts";
import { Calls } from "./archive-calls.ts";
import { readOwners } from "./owners.ts";
import { bytesOfText, pathMembers } from "./path-bytes.ts";
import { findStart, type Start } from "./start-folder.ts";
import { walk } from "./walk.ts";

/**
 * A name that cannot be read is a line of the manifest with the reason; the collection goes on. A
 * limit that is reached leaves the rest out, and the manifest says so. The command fails only when
 * there is nothing to collect, or the transfer itself fails.
 */
export function getArchive(
  deps: CommandDeps,
  job: CommandJob<GetFileCommand>,
  archive: OrderArchive,
  signal: AbortSignal,
): Promise<TransferEnd> {
  return collection(deps, job, signal, async (watch) => {
    const { path, pathBase64 } = job.command;
    const asked = pathBase64 === undefined ? bytesOfText(path) : Buffer.from(pathBase64, "base64").toString("latin1");
    const calls = new Calls(watch);
    const start = await findStart(asked, archive.kind, deps.folder, calls);
    const owners = await readOwners(calls);
    const ownKeys = await calls.run(() => statOwnKeys(deps.folder.root));
    const manifestStart: ManifestStart = { type: "start", version: 1, ...archive, ...pathMembers(asked) };
    const last: { bytes: ArchiveBytes | null } = { bytes: null };
    // A repeated upload walks again.
    const makeChunks = () => {
      const bytes = new ArchiveBytes({ start: manifestStart, found: walk(start, calls), calls, owners, ownKeys });
      last.bytes = bytes;
      return gzipMember(inBlocks(unlessEmpty(bytes, path)));
    };
    const result = await upload(deps, job, makeChunks, watch);
    return { outcome: "completed", errors: last.bytes ? notesOf(path, start, last.bytes) : [], result };
  });
}

/** Nothing has been sent yet when this throws, because all of it is in one part. */
async function* unlessEmpty(bytes: ArchiveBytes, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* bytes.pieces();
  if (bytes.matches > 0) return;
  const { errors } = bytes.end;
  const why = errors > 0 ? ` ${errors} folders could not be searched: ${bytes.firstErrors.join("; ")}.` : "";
  throw new TransferFailedError(`Nothing on the device matches '${path}'.${why}`);
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** For people. The manifest says all of it. */
function notesOf(path: string, { linkTarget }: Start, { end, firstErrors }: ArchiveBytes): string[] {
  const notes: string[] = [];
  if (linkTarget !== null) {
    notes.push(`Note: the path '${path}' is or contains a link; what was collected is in '${linkTarget}'.`);
  }
  if (end.truncated !== null) {
    const what =
      end.truncated === "maxFiles" ? counted(end.entries, "entry", "entries") : counted(end.bytes, "byte", "bytes");
    notes.push(`Note: the archive is not complete: it ends at its limit ${end.truncated}, with ${what}.`);
  }
  if (end.errors > 0) {
    const more = end.errors > firstErrors.length ? "; the manifest has the others" : "";
    const named = `${firstErrors.join("; ")}${more}`;
    notes.push(
      `Note: ${end.errors} of ${counted(end.entries, "entry was", "entries were")} not or not completely collected: ${named}.`,
    );
  }
  return notes;
}
