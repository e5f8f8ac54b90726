import { type FileHandle, open, readFile } from "node:fs/promises";
import { isMissing } from "./disk-files.ts";

/** A part that is durable in the partial file. */
export interface StoredPart {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * One line per part, `<part> <size> <sha256>\n`. A crash can only tear the last line, and a torn
 * line does not match.
 */
const LINE = /^(0|[1-9][0-9]{0,6}) (0|[1-9][0-9]{0,7}) ([0-9a-f]{64})$/;

/** The parts that are stored according to the log of a partial file. Without a log: none. */
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

/** Records a part durably. Call only after the part's bytes were synced. */
export async function appendPartLog(path: string, part: number, stored: StoredPart): Promise<void> {
  await using log: FileHandle = await open(path, "a", 0o600);
  // The entry begins with a newline, so that it is a separate line after a line that an earlier
  // crash tore.
  await log.appendFile(`\n${part} ${stored.sizeBytes} ${stored.sha256}\n`);
  await log.sync();
}
