const FORM =
  /^(\d{4}-\d{2}-\d{2})(?:T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,12}))?)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?$/i;

/** Matches text that begins like a date, valid or not, for a message that says so. */
export const startsLikeDate = (text: string): boolean => /^\d{4}-\d/.test(text);

/**
 * Unix milliseconds of a datetime literal. Undefined when it is not one or names a day that does
 * not exist. A fraction of a millisecond becomes a half (see `Filter`). Accepted in addition to the
 * contract's `2019-11-22T00:00:00Z` and `2018-08-01Z`
 * (docs/contract/http-api.md#list-machine-actions): a date alone, no seconds, a fraction of up to
 * twelve digits (responses have seven), an offset, and no zone, which means UTC because Python's
 * `utcnow().isoformat()` writes it so.
 */
export function readDatetime(text: string): number | undefined {
  const found = FORM.exec(text);
  if (!found) return undefined;
  const [, day = "", hours = "00", minutes = "00", seconds = "00", fraction = "", zone = "Z"] = found;
  const wholeMs = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  // Date.parse turns 30 February into 2 March.
  if (Number.isNaN(wholeMs) || new Date(wholeMs).toISOString().slice(0, 10) !== day) return undefined;
  const digits = fraction.padEnd(3, "0");
  const belowMs = /[1-9]/.test(digits.slice(3)) ? 0.5 : 0;
  return wholeMs - offsetMs(zone) + Number(digits.slice(0, 3)) + belowMs;
}

function offsetMs(zone: string): number {
  if (zone.length === 1) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}
