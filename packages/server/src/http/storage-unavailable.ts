import { BlobStoreUnavailable } from "../blobs/blob-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";

/** The edge knows neither backend. This tells it which errors are answered with 503. */
export const isStorageUnavailable = (error: unknown): error is Error =>
  error instanceof StoreUnavailable || error instanceof BlobStoreUnavailable;
