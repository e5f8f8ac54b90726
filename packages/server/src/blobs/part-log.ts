import { type FileHandle, open, readFile } from "node:fs/promises";
import { isMissing } from "./disk-files.ts";

/** A part that is durably in the partial file. */
export interface StoredPart {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** One line a part, `<part> <size> <sha256>\n`. A crash can only tear the last line, and a torn one does not match. */
const LINE = /^(0|[1-9][0-9]{0,6}) (0|[1-9][0-9]{0,7}) ([0-9a-f]{64})$/;

/** Which parts the log beside a partial file says are stored. Without a log: none. */
export async function readPartLog(path: string): Promise<Map<number, StoredPart>> {
  const parts = new Map<number, StoredPart>();
  let text: string;
  try {
    text = await readFile(path, "latin1");
  } catch (error) {
    if (isMissing(error)) return parts;
    throw error;
  }
  for (const line of text.split("\n")) {
    const [, part, size, sha256] = LINE.exec(line) ?? [];
    if (part !== undefined && size !== undefined && sha256 !== undefined) {
      parts.set(Number(part), { sizeBytes: Number(size), sha256 });
    }
  }
  return parts;
}

/** Notes a part, durably. Only after the part's bytes are synced. */
export async function appendPartLog(path: string, part: number, stored: StoredPart): Promise<void> {
  await using log: FileHandle = await open(path, "a", 0o600);
  // The line starts with a new one: after a torn line of an earlier crash this one still stands alone.
  await log.appendFile(`\n${part} ${stored.sizeBytes} ${stored.sha256}\n`);
  await log.sync();
}
