import { freeBytesOf } from "../blobs/disk/disk-space.ts";
import type { DiskState } from "../service/cluster/readiness.ts";

/** The file systems on which the data of this process lies; null for data that is elsewhere. */
export class Disks {
  readonly #databaseFolder: string | null;
  readonly #resultsFolder: string | null;
  readonly #reserveBytes: number;

  constructor(options: { databaseFolder: string | null; resultsFolder: string | null; reserveBytes: number }) {
    this.#databaseFolder = options.databaseFolder;
    this.#resultsFolder = options.resultsFolder;
    this.#reserveBytes = options.reserveBytes;
  }

  async state(): Promise<DiskState> {
    const free = (folder: string | null) => (folder === null ? null : freeBytesOf(folder).catch(() => null));
    const [databaseFreeBytes, resultsFreeBytes] = await Promise.all([
      free(this.#databaseFolder),
      free(this.#resultsFolder),
    ]);
    return { databaseFreeBytes, resultsFreeBytes, reserveBytes: this.#reserveBytes };
  }
}
