/** `1536` becomes `1.5 KiB`. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  for (const unit of ["bytes", "KiB", "MiB", "GiB"]) {
    if (value < 1_024)
      return unit === "bytes" ? `${value} ${value === 1 ? "byte" : "bytes"}` : `${value.toFixed(1)} ${unit}`;
    value /= 1_024;
  }
  return `${value.toFixed(1)} TiB`;
}

export function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?Z$/;

/**
 * In the zone of this process, which `--utc` sets: `2026-11-21T17:32:05.1234567Z` becomes
 * `2026-11-21 18:32:05+01:00`, or `2026-11-21 17:32:05Z` in UTC. Other text does not change.
 */
export function formatTime(isoTime: string | null): string | null {
  if (isoTime === null || !UTC_TIME.test(isoTime)) return isoTime;
  const at = new Date(isoTime);
  if (Number.isNaN(at.getTime())) return isoTime;
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${clockOf(at)}${offsetOf(at)}`;
}

/** As `formatTime`, without the day and with milliseconds: `18:32:05.120+01:00`. */
export function formatTimeOfDay(isoTime: string): string {
  const match = UTC_TIME.exec(isoTime);
  if (match === null) return isoTime;
  const at = new Date(isoTime);
  // Fractions that end in zeros are cut on the wire.
  return `${clockOf(at)}.${(match[1] ?? "").slice(0, 3).padEnd(3, "0")}${offsetOf(at)}`;
}

const two = (value: number) => String(value).padStart(2, "0");
const clockOf = (at: Date) => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");

function offsetOf(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `15m`, `1h`, `7d` in seconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const unit = UNIT_SECONDS[match?.[2] ?? ""];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

const UNIT_BYTES: Record<string, number> = { "": 1, K: 1_024, M: 1_024 ** 2, G: 1_024 ** 3, T: 1_024 ** 4 };

/** `500`, `20M`, `20MB`, `16GiB` in bytes, all by powers of 1024; null for anything else. */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,12})(?:([KMGT])(?:i?B)?)?$/i.exec(text);
  const unit = UNIT_BYTES[(match?.[2] ?? "").toUpperCase()];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}
