/**
 * How long a `Retry-After` header asks to wait, in milliseconds: whole seconds or an HTTP date; null when it is absent or
 * says neither. A date in the past is 0.
 */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Date.parse alone takes "12.5" and "-3" for years; an HTTP date starts with the name of a day.
  if (!/^[A-Za-z]{3}/.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
