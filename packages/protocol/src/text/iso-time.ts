const FORM = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,7})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Unix milliseconds of an ISO 8601 time with a zone, such as `2026-11-28T22:00Z`; null when it is
 * none or names a day that does not exist. Pure.
 */
export function isoTimeMs(text: string): number | null {
  const day = FORM.exec(text)?.[1];
  if (day === undefined) return null;
  // Date.parse turns 30 February into 2 March, and is NaN for a 32nd.
  const dayMs = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(dayMs) || new Date(dayMs).toISOString().slice(0, 10) !== day) return null;
  return Date.parse(text);
}
