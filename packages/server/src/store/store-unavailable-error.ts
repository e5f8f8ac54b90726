/**
 * The database does not answer, or not in time. The request itself is valid, and a retry will
 * succeed once the database answers. No change was made, except in the one case with its own class.
 */
export class StoreUnavailableError extends Error {
  override readonly name: string = "StoreUnavailableError";
}

/**
 * The connection broke at the very commit: whether the change was made shows only when the database
 * answers again.
 */
export class CommitInDoubtError extends StoreUnavailableError {
  override readonly name = "CommitInDoubtError";
}
