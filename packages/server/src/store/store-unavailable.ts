/**
 * The database does not answer, or not in time. The request itself is valid, and a retry will
 * succeed once the database answers. No change was made, except in the one case with its own class.
 */
export class StoreUnavailable extends Error {}

/**
 * The connection broke during the commit. Whether the change was made is known only when the
 * database answers again.
 */
export class CommitInDoubt extends StoreUnavailable {}
