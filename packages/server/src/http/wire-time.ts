/**
 * A time as the API writes it: ISO 8601 UTC, trailing zeros of the fraction trimmed as .NET does (`.19Z`, `.7Z`), no fraction when it is
 * zero. `contract/http-api.md` section 6. `ms`: Unix milliseconds within what Date holds; anything else throws RangeError.
 */
export const wireTime = (ms: number): string => new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");

/** Null stays null: `startTime` of a command that has not started. */
export const wireTimeOrNull = (ms: number | null): string | null => (ms === null ? null : wireTime(ms));
