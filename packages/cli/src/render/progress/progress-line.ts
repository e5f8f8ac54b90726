import type { MachineActionWire, TransferWire, WaitingWire } from "@halligan/protocol/api";
import { formatBytes, formatDuration } from "../text/units.ts";
import { describeWaiting } from "../waiting.ts";

/**
 * The progress of an action, for a waiting person:
 * `InProgress  command 2 of 3 (GetFile, 12.0 MiB)  8 s  <id>`. `nowMs`: by the wall clock.
 */
export function progressLine(
  actionId: string,
  action: MachineActionWire | null,
  transfer: TransferWire | null,
  elapsedMs: number,
  waiting: WaitingWire | null = null,
  nowMs = 0,
): string {
  if (action === null) return `${actionId}  ${formatDuration(elapsedMs)}`;
  const { commands } = action;
  const done = commands.filter(({ commandStatus }) => commandStatus === "Completed").length;
  const current = commands.find(({ commandStatus }) => commandStatus === "Created");
  const moved =
    transfer !== null && transfer.index === current?.index ? `, ${formatBytes(transfer.transferredBytes)}` : "";
  const step =
    current === undefined ? "" : `  command ${done + 1} of ${commands.length} (${current.command.type}${moved})`;
  // Before the id, which a narrow terminal may cut off. The step already says what runs.
  const isShown = waiting !== null && waiting.reason !== "Running" && waiting.reason !== "Transferring";
  const wait = isShown ? `  ${describeWaiting(waiting, nowMs)}` : "";
  return `${action.status}${step}  ${formatDuration(elapsedMs)}${wait}  ${actionId}`;
}
