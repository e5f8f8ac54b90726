/** Compares the state of a file before and after it was collected. Pure. */
import type { FileChange, FileChangeKind, FileStamp } from "@halligan/protocol/link";

/** The compared members of `fs.BigIntStats`. */
export interface FileState {
  dev: bigint;
  ino: bigint;
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

export interface Collected {
  /** The state of the open file. */
  before: FileState;
  after: FileState;
  /**
   * The state of the file that the path names afterwards; null for none, "unknown" where the system
   * does not report it.
   */
  named: FileState | null | "unknown";
  collectedBytes: number;
  /** The file has more content, which was not read because of its own limit. */
  isCutOff: boolean;
}

/** Null when nothing changed. */
export function fileChange({ before, after, named, collectedBytes, isCutOff }: Collected): FileChange | null {
  const kinds: FileChangeKind[] = [];
  // A file without a size, as in /proc, is generated at each read. Its times and its number have no
  // meaning.
  const isVirtual = before.size === 0n && after.size === 0n;
  if (isCutOff) kinds.push("cutOff");
  if (!isVirtual) {
    const content = contentChange(before, after, BigInt(collectedBytes));
    const name = nameChange(before, named);
    if (content) kinds.push(content);
    if (name) kinds.push(name);
    // A rename and a removal change the time of the attributes too.
    if (!content && !name && after.ctimeNs !== before.ctimeNs) kinds.push("attributesChanged");
  }
  if (kinds.length === 0) return null;
  return { kinds, collectedBytes, before: stampOf(before), after: stampOf(after) };
}

function contentChange(before: FileState, after: FileState, collected: bigint): FileChangeKind | null {
  if (after.size > before.size) return "grew";
  if (after.size < before.size) return "shrank";
  if (after.mtimeNs !== before.mtimeNs) return collected < before.size ? "shrank" : "rewritten";
  // This also covers a file of /sys that states 4096 bytes and has fewer. All of it was read.
  return null;
}

function nameChange(before: FileState, named: Collected["named"]): FileChangeKind | null {
  if (named === "unknown") return null;
  if (named === null) return "removed";
  return named.dev === before.dev && named.ino === before.ino ? null : "replaced";
}

const SENTENCES: Readonly<Record<FileChangeKind, (change: FileChange) => string>> = {
  grew: ({ before, after, collectedBytes }) =>
    `It grew from ${before.sizeBytes} to ${after.sizeBytes} bytes; its first ${collectedBytes} bytes were collected.`,
  shrank: ({ before, after, collectedBytes }) =>
    `It had ${before.sizeBytes} bytes before and ${after.sizeBytes} after; ${collectedBytes} bytes were collected.`,
  rewritten: ({ before }) =>
    `Its ${before.sizeBytes} bytes were modified in place, so the collected bytes can be of different moments.`,
  attributesChanged: () => "Its mode, owner, links or times were changed; its size and modification time are the same.",
  replaced: () => "Its path names another file now; the collected bytes are of the file that it named first.",
  removed: () => "Its path names no file now; the collected bytes are of the file that it named first.",
  cutOff: ({ collectedBytes }) =>
    `It states no size and has more than ${collectedBytes} bytes; its first ${collectedBytes} bytes were collected.`,
};

/** For people, in the command's `errors`. */
export function changeNote(change: FileChange): string {
  const { kinds, before, after } = change;
  const isOnlyCut = kinds.length === 1 && kinds[0] === "cutOff";
  const facts = kinds.map((kind) => SENTENCES[kind](change)).join(" ");
  if (isOnlyCut) return `Note: the file was collected in part. ${facts}`;
  const times = `Modified before: ${before.modifiedAt ?? "unknown"}, after: ${after.modifiedAt ?? "unknown"}.`;
  return `Note: the file changed while it was collected. ${facts} ${times}`;
}

function stampOf({ size, mtimeNs }: FileState): FileStamp {
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  return { sizeBytes: Number(size > largest ? largest : size), modifiedAt: isoText(mtimeNs) };
}

const NS_PER_SECOND = 1_000_000_000n;
const FIRST_SECOND = -62_167_219_200n;
const LAST_SECOND = 253_402_300_799n;

/**
 * ISO 8601 UTC with all nine digits; null outside of the years 0 to 9999, which a damaged file
 * system can state.
 */
export function isoText(ns: bigint): string | null {
  const rest = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = (ns - rest) / NS_PER_SECOND;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) return null;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, "0000-00-00T00:00:00".length);
  return `${whole}.${String(rest).padStart(9, "0")}Z`;
}
