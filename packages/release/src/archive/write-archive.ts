import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type ArchiveFile, tar } from "./tar.ts";

/** Writes a `.tar.gz`. Its gzip header has no time and no name. */
export async function writeArchive(file: string, files: readonly ArchiveFile[], timeSeconds: number): Promise<void> {
  await pipeline(tar(files, timeSeconds), createGzip(), createWriteStream(file));
}
