/**
 * Another writer saved first. A store with concurrent writers repeats the use case; SQLite has only
 * one writer.
 */
export class VersionConflict extends Error {}
