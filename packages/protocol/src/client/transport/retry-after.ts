/**
 * The wait that a `Retry-After` header requests, in milliseconds. The header contains whole seconds
 * or an HTTP date. Null when it is absent or has another form. A date in the past gives 0.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Date.parse alone accepts "12.5" and "-3" as years. An HTTP date starts with the name of a day.
  if (!/^[A-Za-z]{3}/.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
