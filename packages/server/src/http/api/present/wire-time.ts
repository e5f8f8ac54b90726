/**
 * A time as the API writes it: ISO 8601 UTC, trailing zeros of the fraction trimmed as .NET does
 * (`.19Z`, `.7Z`), no fraction when it is zero. `docs/contract/http-api.md#machine-action-entity`.
 * `ms`: Unix milliseconds within what Date holds; anything else throws RangeError.
 */
export function wireTime(ms: number): string {
  const at = Math.floor(ms / MINUTE_MS);
  if (at !== minute.at) minute = { at, text: new Date(at * MINUTE_MS).toISOString().slice(0, -ZERO_SECONDS.length) };
  const rest = Math.floor(ms - at * MINUTE_MS);
  const seconds = Math.floor(rest / 1000);
  const text = `${minute.text}${seconds < 10 ? "0" : ""}${seconds}`;
  const fraction = rest % 1000;
  if (fraction === 0) return `${text}Z`;
  const digits = `${fraction < 100 ? "0" : ""}${fraction < 10 ? "0" : ""}${fraction}`;
  if (fraction % 100 === 0) return `${text}.${digits.slice(0, 1)}Z`;
  return fraction % 10 === 0 ? `${text}.${digits.slice(0, 2)}Z` : `${text}.${digits}Z`;
}

const MINUTE_MS = 60_000;
const ZERO_SECONDS = "00.000Z";
/**
 * The last minute that was written. A list of a thousand actions has four thousand times, mostly of
 * the same minutes; with Date and a pattern for each of them they were an eighth of all its work.
 */
let minute = { at: Number.NaN, text: "" };

/** Null stays null: `startTime` of a command that has not started. */
export const wireTimeOrNull = (ms: number | null): string | null => (ms === null ? null : wireTime(ms));
