/** A save found that somebody else had saved first. Use cases on one machine do not meet on SQLite. */
export class VersionConflict extends Error {}
