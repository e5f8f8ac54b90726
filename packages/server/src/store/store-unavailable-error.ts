/**
 * The database does not answer, or not in time. The request itself is valid, and a retry will
 * succeed once the database responds. Nothing was changed; the exception is `CommitInDoubtError`.
 */
export class StoreUnavailableError extends Error {
  override readonly name: string = "StoreUnavailableError";
}

/**
 * The connection broke during the commit. Whether the change was made is unknown until the database
 * responds again.
 */
export class CommitInDoubtError extends StoreUnavailableError {
  override readonly name = "CommitInDoubtError";
}
