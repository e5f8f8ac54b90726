import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { SUMS_FILE } from "./sums/checksums.ts";

/**
 * Where a release is built: a folder next to its final place, which becomes that place when all
 * files are ready. An earlier release there is replaced. Disposing without {@link finish} leaves
 * the earlier release.
 */
export class OutFolder implements AsyncDisposable {
  readonly path: string;
  readonly #place: string;

  private constructor(place: string) {
    this.#place = place;
    this.path = `${place}.partial`;
  }

  /** @throws a sentence for people when the folder has files of another kind */
  static async prepare(place: string): Promise<OutFolder> {
    const folder = new OutFolder(isAbsolute(place) ? place : resolve(place));
    const found: string[] = await readdir(folder.#place).catch(() => []);
    if (found.length > 0 && !found.includes(SUMS_FILE)) {
      throw new Error(`--out ${place} has files that are no release: name an empty or a new folder`);
    }
    await rm(folder.path, { recursive: true, force: true });
    await mkdir(folder.path, { recursive: true });
    return folder;
  }

  async finish(): Promise<void> {
    await rm(this.#place, { recursive: true, force: true });
    await rename(this.path, this.#place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
