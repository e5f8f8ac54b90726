import { S3ServiceException } from "@aws-sdk/client-s3";
import { BlobStoreUnavailableError } from "../blob-store.ts";
import { ObjectStoreFullError } from "../objects/object-store.ts";

/** Codes of S3 itself, Ceph and MinIO. For other servers: 507. */
const FULL = new Set([
  "QuotaExceeded",
  "InsufficientCapacity",
  "XMinioStorageFull",
  "XMinioAdminBucketQuotaExceeded",
  "XMinioDiskFull",
]);

export const codeOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown");

export const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

export const isMissing = (error: unknown): boolean => codeOf(error) === "NoSuchKey" || codeOf(error) === "NotFound";

/**
 * The error of a failed call for the callers of the blob store. Only name and message of the
 * library's error are kept, because its other properties contain the canonical request with a
 * session token.
 */
export function s3Fault(error: unknown): Error {
  if (
    error instanceof BlobStoreUnavailableError ||
    error instanceof ObjectStoreFullError ||
    error instanceof RangeError
  )
    return error;
  const status = statusOf(error);
  const cause = new Error(error instanceof Error ? `${error.name}: ${error.message}` : "not an error");
  if (status === 507 || FULL.has(codeOf(error))) return new ObjectStoreFullError("the S3 bucket is full", { cause });
  const said = status === undefined ? `did not answer (${codeOf(error)})` : `answered ${status} ${codeOf(error)}`;
  return new BlobStoreUnavailableError(`S3 ${said}`, { cause });
}
