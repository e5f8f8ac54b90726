import type { WaitNotice } from "@halligan/protocol/client";
import { formatDuration, formatTime } from "../text/units.ts";

const REASONS: Record<WaitNotice["reason"], string> = {
  throttled: "The server limits requests",
  unavailable: "The server is not available now",
  unreachable: "No answer from the server",
};

/** One line: what is waited for, until when, and how to change that. */
export function describeWait({ reason, waitMs, message }: WaitNotice, nowMs: number): string {
  const until = formatTime(new Date(nowMs + waitMs).toISOString());
  const said = message.replaceAll(/\s+/g, " ").replace(/\.$/, "");
  return (
    `halligan: ${REASONS[reason]}: ${said}. Waiting ${formatDuration(Math.max(1_000, waitMs))}, until ${until}, then trying ` +
    "again. Ctrl+C stops; --max-wait SECONDS bounds all waits."
  );
}
