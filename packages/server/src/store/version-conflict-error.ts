/**
 * Another writer saved first. The PostgreSQL store repeats the use case. SQLite has only one
 * writer, so this does not happen there.
 */
export class VersionConflictError extends Error {
  override readonly name: string = "VersionConflictError";
}
