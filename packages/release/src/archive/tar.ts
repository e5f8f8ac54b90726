/** Archives whose bytes depend on their content only. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** A file of an archive. */
export interface ArchiveFile {
  /** From the root of the archive, with `/`. At most 255 bytes of ASCII. */
  readonly path: string;
  readonly isExecutable: boolean;
  /** Bytes, or the file that has them. */
  readonly content: Uint8Array | { readonly file: string };
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/**
 * The bytes of a tar archive (POSIX ustar). Files are in the order of their names, belong to root,
 * have mode 0644 or 0755 and the given time. Folders come before their files.
 */
export async function* tar(files: readonly ArchiveFile[], timeSeconds: number): AsyncGenerator<Uint8Array> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const folders = new Set<string>();
  for (const file of sorted) {
    for (const folder of foldersOf(file.path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      yield header({ path: `${folder}/`, mode: 0o755, sizeBytes: 0, type: "5", timeSeconds });
    }
    yield* entry(file, timeSeconds);
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

async function* entry({ path, isExecutable, content }: ArchiveFile, timeSeconds: number): AsyncGenerator<Uint8Array> {
  const mode = isExecutable ? 0o755 : 0o644;
  const sizeBytes = content instanceof Uint8Array ? content.length : (await stat(content.file)).size;
  yield header({ path, mode, sizeBytes, type: "0", timeSeconds });
  if (content instanceof Uint8Array) yield content;
  else yield* readExactly(content.file, sizeBytes);
  const rest = sizeBytes % BLOCK_BYTES;
  if (rest > 0) yield Buffer.alloc(BLOCK_BYTES - rest);
}

async function* readExactly(file: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of createReadStream(file)) {
    read += chunk.length;
    yield chunk;
  }
  if (read !== sizeBytes) throw new Error(`${file} changed while it was read`);
}

interface Header {
  path: string;
  mode: number;
  sizeBytes: number;
  type: "0" | "5";
  timeSeconds: number;
}

/** Layout: POSIX.1-2017, pax, "ustar Interchange Format". */
function header({ path, mode, sizeBytes, type, timeSeconds }: Header): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const { name, prefix } = splitPath(path);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  block.write(name, 0, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(sizeBytes, 124, 12);
  octal(timeSeconds, 136, 12);
  block.fill(" ", 148, 156);
  block.write(type, 156, "latin1");
  block.write("ustar\0" + "00", 257, "latin1");
  block.write("root", 265, "latin1");
  block.write("root", 297, "latin1");
  block.write(prefix, 345, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function splitPath(path: string): { name: string; prefix: string } {
  if (!/^[\x20-\x7e]+$/.test(path)) throw new Error(`${path} has letters that the archive's form does not take`);
  if (path.length <= NAME_BYTES) return { name: path, prefix: "" };
  const at = path.indexOf("/", path.length - NAME_BYTES - 1);
  if (at < 0 || at > PREFIX_BYTES || at === path.length - 1) throw new Error(`${path} is too long for the archive`);
  return { name: path.slice(at + 1), prefix: path.slice(0, at) };
}
