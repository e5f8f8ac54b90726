import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";

export type SampleKind = "random" | "text";
const BLOCK_BYTES = 1024 * 1024;

export interface SampleFile {
  readonly kind: SampleKind;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Random bytes do not compress, which is the hard case for a collected file's gzip; text is lines
 * of a log, which do.
 */
export async function writeSampleFile(kind: SampleKind, file: string, sizeBytes: number): Promise<SampleFile> {
  await using handle = await open(file, "wx", 0o600);
  const hash = createHash("sha256");
  for (let written = 0; written < sizeBytes; written += BLOCK_BYTES) {
    const block = kind === "random" ? randomBytes(BLOCK_BYTES) : textBlock(written);
    const part = block.subarray(0, Math.min(BLOCK_BYTES, sizeBytes - written));
    hash.update(part);
    await handle.write(part);
  }
  await handle.sync();
  return { kind, file, sizeBytes, sha256: hash.digest("hex") };
}

const LINE_BYTES = 128;

function textBlock(from: number): Buffer {
  const lines = Array.from({ length: BLOCK_BYTES / LINE_BYTES }, (_, i) => {
    const n = (from / LINE_BYTES + i) * 2_654_435_761;
    const line = `2026-01-01T00:00:00.${n % 1_000}Z sshd[${n % 32_768}]: Accepted publickey for user${n % 97} from 10.${n % 251}.${n % 241}.${n % 239}`;
    return `${line.padEnd(LINE_BYTES - 1).slice(0, LINE_BYTES - 1)}\n`;
  });
  return Buffer.from(lines.join(""), "latin1");
}
