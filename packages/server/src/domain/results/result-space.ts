import { type Command, isEnded } from "../actions/command.ts";
import type { MachineAction } from "../actions/machine-action.ts";
import { limitsWith } from "../actions/options/action-options.ts";

const MIB = 1024 ** 2;

/** Space is granted in steps, so that not every part of 8 MiB costs a transaction. */
export const GRANT_STEP_BYTES = 64 * MIB;

/**
 * Number of upload ids of one command that may exist at once. An agent starts again under a new id
 * when the server found a complete upload to be wrong, and after its own crash; then only the
 * newest counts. The second id is for a request of the former upload that arrives late.
 */
const MAX_UPLOADS_PER_COMMAND = 2;

/**
 * How long after a cancel the output of the cancelled script is accepted. The agent gives up after
 * 30 s.
 */
export const CANCELLED_DELIVERY_MS = 60_000;

/** An upload and the space that was granted to it, or its size when it is complete. */
export interface UploadSpace {
  resultId: string;
  bytes: number;
}

/** Why no further bytes of a command's result are accepted; null when they are. */
export function uploadRefusal(action: MachineAction, index: number, nowMs: number): string | null {
  const command = action.commands[index];
  if (!command) return `the action has no command ${index}`;
  if (isEnded(command)) return "the command has ended";
  // Its end would not be recorded, so these bytes could never be read.
  if (action.commands.slice(0, index).some(({ status }) => status === "Failed")) return "an earlier command failed";
  if (action.status !== "Cancelled") return null;
  // The partial output of a cancelled script is useful; a partial file is not.
  const isLate = nowMs - (action.finalAtMs ?? action.updatedAtMs) > CANCELLED_DELIVERY_MS;
  return command.type !== "RunScript" || isLate ? "the action was cancelled" : null;
}

/**
 * A byte of output becomes at most six bytes of JSON (a control character). Both streams count, and
 * the JSON around them.
 */
const TRANSCRIPT_GROWTH = 6 * 2;
const TRANSCRIPT_FRAME_BYTES = 1 * MIB;

/** Largest size of one result. */
export function longestResultBytes(
  { type }: Pick<Command, "type">,
  { options }: Pick<MachineAction, "options">,
  limits: { resultLimitBytes: number; order: { outputLimitBytes: number } },
): number {
  if (type !== "RunScript") return limits.resultLimitBytes;
  const transcriptBytes =
    TRANSCRIPT_GROWTH * limitsWith(options, limits.order).outputLimitBytes + TRANSCRIPT_FRAME_BYTES;
  return Math.min(limits.resultLimitBytes, transcriptBytes);
}

/**
 * A limit for kept results, and the bytes that count against it now, including those of this
 * command.
 */
export interface Quota {
  of: "machine" | "deployment";
  limitBytes: number;
  usedBytes: number;
}

export interface QuotaExceeded {
  code: "ResultQuotaExceeded";
  of: Quota["of"];
}

export interface SpaceGrant {
  code: "granted";
  /** Bytes that this upload has from now on. */
  bytes: number;
  /** Uploads of the same command that this one replaces. */
  replaced: readonly string[];
}

/**
 * Grants space to an upload up to offset `neededBytes`, rounded up to a whole step if possible. The
 * newest upload id of a command replaces the oldest. Quotas apply only to collected files:
 * transcripts cannot be made again and are bounded by their output limit. They do count as used
 * space.
 */
export function grantSpace(
  { type }: Pick<Command, "type">,
  uploads: readonly UploadSpace[],
  { resultId, neededBytes, longestBytes }: { resultId: string; neededBytes: number; longestBytes: number },
  quotas: readonly Quota[],
): SpaceGrant | QuotaExceeded {
  const own = uploads.find((upload) => upload.resultId === resultId);
  if (own && own.bytes >= neededBytes) return { code: "granted", bytes: own.bytes, replaced: [] };
  const replaced = own ? [] : uploads.slice(0, Math.max(0, uploads.length + 1 - MAX_UPLOADS_PER_COMMAND));
  const freedBytes = replaced.reduce((sum, { bytes }) => sum + bytes, own?.bytes ?? 0);
  const exceeded = (bytes: number): Quota | undefined =>
    type === "RunScript" ? undefined : quotas.find((quota) => quota.usedBytes - freedBytes + bytes > quota.limitBytes);
  const stepBytes = Math.min(Math.ceil(neededBytes / GRANT_STEP_BYTES) * GRANT_STEP_BYTES, longestBytes);
  const bytes = exceeded(stepBytes) ? neededBytes : stepBytes;
  const quota = exceeded(bytes);
  if (quota) return { code: "ResultQuotaExceeded", of: quota.of };
  return { code: "granted", bytes, replaced: replaced.map((upload) => upload.resultId) };
}
