import { RestError } from "@azure/storage-blob";
import { errorCode } from "@halligan/protocol/errors";
import { BlobStoreUnavailableError } from "../blob-store.ts";
import { ObjectStoreFullError } from "../objects/object-store.ts";

export const statusOf = (error: unknown): number | undefined =>
  error instanceof RestError ? error.statusCode : undefined;

/** The error code of the service, such as `ContainerNotFound`, or that of the network. */
export function codeOf(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.name : "unknown");
}

/**
 * A response to HEAD has no body, so a missing container looks like a missing blob. Lists and
 * writes distinguish the two.
 */
export const isMissing = (error: unknown): boolean => statusOf(error) === 404 && codeOf(error) !== "ContainerNotFound";

/**
 * The error of a failed call for the callers of the blob store. The library's error is not kept as
 * a cause: it contains the request, whose URL may have a SAS.
 */
export function azureFault(error: unknown): Error {
  if (
    error instanceof BlobStoreUnavailableError ||
    error instanceof ObjectStoreFullError ||
    error instanceof RangeError
  )
    return error;
  const [code, status] = [codeOf(error), statusOf(error)];
  const cause = new Error(code);
  if (status === 507 || code === "QuotaExceeded" || code === "InsufficientStorage") {
    return new ObjectStoreFullError("the Azure container is full", { cause });
  }
  const said = status === undefined ? `did not answer (${code})` : `answered ${status} ${code}`;
  return new BlobStoreUnavailableError(`Azure Blob ${said}`, { cause });
}
