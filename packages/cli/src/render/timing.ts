import type { ActionTimingWire, MachineActionWire } from "@halligan/protocol/api";
import { harmlessLine } from "./text/harmless.ts";
import { type Column, renderTable } from "./text/table.ts";
import { formatTimeOfDay } from "./text/units.ts";
import { describeWaiting } from "./waiting.ts";

type Step = ActionTimingWire["steps"][number];

/** Where the time of an action went, a step a line, and the whole. */
export function renderTiming(
  { steps, totalMs, waiting = [] }: ActionTimingWire,
  { commands }: Pick<MachineActionWire, "commands">,
  width: number | null,
  nowMs: number,
): string {
  const columns: readonly Column<Step>[] = [
    { title: "STEP", cell: ({ step }) => step },
    {
      title: "COMMAND",
      cell: ({ index }) => (index === null ? "" : `${index} ${commands[index]?.command.type ?? ""}`.trimEnd()),
    },
    { title: "TIME", cell: ({ at }) => formatTimeOfDay(at) },
    { title: "MS", cell: ({ sinceMs }) => String(sinceMs), align: "right" },
  ];
  const waits = waiting.map((one) => `${harmlessLine(describeWaiting(one, nowMs))}\n`);
  return `${renderTable(steps, columns, width)}total  ${totalMs} ms\n${waits.join("")}`;
}
