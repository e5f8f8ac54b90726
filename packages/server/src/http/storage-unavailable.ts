import { BlobStoreUnavailableError } from "../blobs/blob-store.ts";
import { StoreUnavailableError } from "../store/store-unavailable-error.ts";

/** The edge knows neither backend. This tells it which errors are answered with 503. */
export const isStorageUnavailable = (error: unknown): error is Error =>
  error instanceof StoreUnavailableError || error instanceof BlobStoreUnavailableError;
