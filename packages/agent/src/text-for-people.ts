/** Times and texts as the commands of the agent print them. */
import { writtenTimeMs } from "./wall-clock.ts";

/** `2026-11-28 12:49:05 +01:00`; a time that is none stays as it is written. */
export function localTime(written: string): string {
  const ms = writtenTimeMs(written);
  if (ms === null) return written;
  const time = new Date(ms);
  const offset = -time.getTimezoneOffset();
  const two = (value: number) => String(Math.trunc(value)).padStart(2, "0");
  const day = [String(time.getFullYear()), two(time.getMonth() + 1), two(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  const absolute = Math.abs(offset);
  return `${day} ${clock} ${offset < 0 ? "-" : "+"}${two(absolute / 60)}:${two(absolute % 60)}`;
}

/**
 * A name or comment comes from the server. Characters that a terminal interprets, that change the
 * direction of text, or that are not seen are written as their numbers.
 */
export function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
