/**
 * Another writer saved first. A store whose writers meet repeats the use case; on SQLite they do
 * not meet.
 */
export class VersionConflictError extends Error {
  override readonly name: string = "VersionConflictError";
}
