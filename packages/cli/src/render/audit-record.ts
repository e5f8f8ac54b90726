import type { AuditRecordWire } from "@halligan/protocol/api";
import { harmlessLine } from "./text/harmless.ts";
import { formatTime } from "./text/units.ts";

const SHOWN = new Set(["seq", "at", "actor", "actorId", "actorKind", "operation", "machineId", "actionId", "detail"]);

/**
 * A record on one line: when, what, who, on what, and every fact of the operation. A later server
 * may tell more about a record than its `detail`; that is shown in the same way.
 */
export function renderAuditRecord(record: AuditRecordWire): string {
  return `${lineOf(record)}\n`;
}

/** For an export, with the number after which it can be continued. */
export function renderExportedRecord(record: AuditRecordWire): string {
  return `${String(record.seq).padStart(8)}  ${lineOf(record)}\n`;
}

function lineOf(record: AuditRecordWire): string {
  const more = Object.entries(record).filter(
    // An application that acts for itself is named already.
    ([name, value]) => !SHOWN.has(name) && !(name === "application" && value === record.actorId),
  );
  const facts = [...more, ...Object.entries(record.detail)].flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name}=${factText(value)}`],
  );
  const parts = [
    formatTime(record.at) ?? record.at,
    record.operation.padEnd(22),
    record.actor,
    ...(record.machineId === null || record.actorId === record.machineId ? [] : [`machine ${record.machineId}`]),
    ...(record.actionId === null ? [] : [`action ${record.actionId}`]),
    ...facts,
  ];
  return harmlessLine(parts.join("  "));
}

const factText = (value: unknown): string =>
  typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
