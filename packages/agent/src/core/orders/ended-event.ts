import type { Order } from "@halligan/protocol/link";
import type { JournalRecord } from "../journal/journal.ts";
import type { OwnersLogEvent } from "../owners-log/owners-log.ts";
import { signedResult } from "./reports.ts";

/** Pure. Size and hash are those that the server records and that the device signs. */
export function endedEvent(order: Order, end: Extract<JournalRecord, { type: "ended" }>): OwnersLogEvent | null {
  const { index, outcome, exitCode, result } = end;
  const command = order.commands[index];
  if (!command) return null;
  const { sha256, sizeBytes } = signedResult(result) ?? { sha256: null, sizeBytes: null };
  return {
    event: "ended",
    actionId: order.actionId,
    index,
    type: command.type,
    outcome,
    exitCode: exitCode ?? null,
    sha256,
    sizeBytes,
  };
}
