import type { Random } from "../auth/random.ts";
import type { BlobCredentials } from "./blob-credentials.ts";
import type { BlobLocation } from "./blob-location.ts";
import type { BlobStore } from "./blob-store.ts";
import { openDiskBlobStore } from "./disk/disk-blob-store.ts";
import { diskSpace } from "./disk/disk-space.ts";

export interface BlobStoreDeps {
  readonly random: Random;
  /** The wall clock, from which the lifetime of a direct link is counted. */
  readonly nowMs: () => number;
  /** Space that stays free on the file system of a folder. Default 0. */
  readonly reserveBytes?: number;
}

/**
 * Opens the store at a location and tries that it can be listed, written and deleted in;
 * `BlobStoreNotOpenedError` says what is wrong. The libraries of object stores are loaded only
 * here: they cost the embedded default 40 MiB and half a second that it has no use for.
 */
export async function openBlobStore(
  location: BlobLocation,
  credentials: BlobCredentials,
  { random, nowMs, reserveBytes = 0 }: BlobStoreDeps,
): Promise<BlobStore & AsyncDisposable> {
  if (location.kind === "folder") {
    const { folder } = location;
    const store = await openDiskBlobStore({ folder, random, space: diskSpace(folder, reserveBytes) });
    return Object.assign(store, { [Symbol.asyncDispose]: () => Promise.resolve() });
  }
  const { ObjectBlobStore } = await import("./objects/object-blob-store.ts");
  if (location.kind === "s3") {
    const { openS3 } = await import("./s3/open-s3.ts");
    return new ObjectBlobStore(await openS3(location, credentials, { random, nowMs }), random);
  }
  const { openAzure } = await import("./azure/open-azure.ts");
  return new ObjectBlobStore(await openAzure(location, credentials, { random, nowMs }), random);
}
