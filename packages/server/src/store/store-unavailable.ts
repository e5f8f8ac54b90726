/**
 * The database does not answer, or not in time: nothing is wrong with what was asked, and whoever asks again later is served.
 * No change was made, but for the one case that has its own class.
 */
export class StoreUnavailable extends Error {}

/** The connection broke at the very commit: whether the change was made shows only when the database answers again. */
export class CommitInDoubt extends StoreUnavailable {}
