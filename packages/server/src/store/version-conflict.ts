/** Somebody else had saved first. A store whose writers meet repeats the use case; on SQLite they do not meet. */
export class VersionConflict extends Error {}
