/** One JSON object a line on standard error; text from outside is escaped by JSON. */
import type { Log, LogFields } from "./core/ports.ts";

type Level = "info" | "warn" | "error";

export function jsonLog(write: (line: string) => void): Log {
  const line = (level: Level) => (event: string, fields?: LogFields) =>
    write(`${escapeControls(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }))}\n`);
  return { info: line("info"), warn: line("warn"), error: line("error") };
}

/**
 * JSON does not escape DEL, the C1 controls and line separators. A terminal or a log reader may
 * interpret them.
 */
export function escapeControls(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
