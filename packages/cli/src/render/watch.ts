import type { MachineActionWire, TransferWire, WaitingWire } from "@halligan/protocol/api";
import { harmlessLine } from "./text/harmless.ts";
import { wrapText } from "./text/text-width.ts";
import { formatBytes, formatTime } from "./text/units.ts";
import { describeWaiting } from "./waiting.ts";

/** What is new since `before`, a line each; empty when nothing that shows is. */
export function renderActionChange(action: MachineActionWire, before: MachineActionWire | null): string {
  const lines: string[] = [];
  if (before?.status !== action.status) lines.push(action.status);
  for (const [index, { command, commandStatus, errors, startTime }] of action.commands.entries()) {
    const known = before?.commands[index];
    const name = [index, command.type, ...command.params.slice(0, 1).map(({ value }) => value)].join(" ");
    if (startTime !== null && (known?.startTime ?? null) === null && commandStatus === "Created") {
      lines.push(`command ${name}: started`);
    }
    if (commandStatus !== (known?.commandStatus ?? "Created")) lines.push(`command ${name}: ${commandStatus}`);
    for (const error of errors.slice(known?.errors.length ?? 0)) lines.push(`command ${name}: ${error}`);
  }
  const time = formatTime(action.lastUpdateDateTimeUtc) ?? "-";
  return lines.map((line) => `${time}  ${harmlessLine(line)}\n`).join("");
}

export function renderTransfer({ index, transferredBytes }: TransferWire, action: MachineActionWire | null): string {
  const type = action?.commands[index]?.command.type ?? "";
  const indent = " ".repeat((formatTime(action?.lastUpdateDateTimeUtc ?? null)?.length ?? 20) + 2);
  return `${indent}command ${index} ${type}: ${formatBytes(transferredBytes)}\n`;
}

/** `nowMs`: by the wall clock. `width`: the terminal's, or null for one line. */
export function renderWaiting(waiting: WaitingWire, nowMs: number, width: number | null): string {
  const time = formatTime(waiting.since) ?? "-".padEnd(20);
  const text = harmlessLine(describeWaiting(waiting, nowMs));
  const indent = " ".repeat(time.length + 2);
  const lines = width === null ? [text] : wrapText(text, Math.max(20, width - indent.length));
  return `${time}  ${lines.join(`\n${indent}`)}\n`;
}
