import type {
  ActionOptionsWire,
  ActionWithResultsWire,
  CommandRequest,
  MachineActionWire,
  WaitingWire,
} from "@halligan/protocol/api";
import { harmlessLine } from "./text/harmless.ts";
import { type Column, renderTable } from "./text/table.ts";
import { textWidth, wrapText } from "./text/text-width.ts";
import { formatBytes, formatDuration, formatTime } from "./text/units.ts";
import { describeWaiting } from "./waiting.ts";

const COLUMNS: readonly Column<MachineActionWire>[] = [
  { title: "ACTION", cell: ({ id }) => id },
  { title: "STATUS", cell: ({ status }) => status },
  { title: "MACHINE", cell: ({ computerDnsName, machineId }) => computerDnsName ?? machineId, isName: true },
  { title: "CREATED", cell: ({ creationDateTimeUtc }) => formatTime(creationDateTimeUtc) },
  {
    title: "COMMANDS",
    cell: ({ commands }) => commands.map((one) => describe(one.command)).join(", "),
    mayShrink: true,
  },
  { title: "REQUESTOR", cell: ({ requestor }) => requestor, mayShrink: true },
];

export function renderActions(actions: readonly MachineActionWire[], width: number | null): string {
  return renderTable(actions, COLUMNS, width);
}

/** With what each waits for. `nowMs`: by the wall clock. */
export function renderWaitingActions(
  actions: readonly ActionWithResultsWire[],
  width: number | null,
  nowMs: number,
): string {
  const reasonOf = ({ waiting }: ActionWithResultsWire) =>
    waiting === undefined ? "" : describeWaiting(waiting, nowMs);
  const columns = COLUMNS.slice(0, 3);
  const table = renderTable(actions, [...columns, { title: "WAITING", cell: reasonOf }], null);
  if (width === null || table.split("\n").every((line) => textWidth(line) <= width)) return table;
  // On a narrow terminal the reason stands below its action.
  const [titles = "", ...rows] = renderTable(actions, columns, width).split("\n");
  const lines = actions.flatMap((action, index) => [rows[index] ?? "", ...wrapped(reasonOf(action), width)]);
  return [titles, ...lines].map((line) => `${line}\n`).join("");
}

const INDENT = "    ";

const wrapped = (text: string, width: number): string[] =>
  text === "" ? [] : wrapText(harmlessLine(text), width - INDENT.length).map((line) => `${INDENT}${line}`);

/** One action with its commands, a fact a line. `nowMs`: by the wall clock. */
export function renderAction(
  action: MachineActionWire,
  {
    waiting,
    options,
    secretNames = [],
  }: { waiting: WaitingWire | null; options: ActionOptionsWire | null; secretNames?: readonly string[] },
  nowMs: number,
): string {
  const facts: [string, string | null][] = [
    ["action", action.id],
    ["status", action.status],
    ...(waiting === null ? [] : [["waiting", describeWaiting(waiting, nowMs)] satisfies [string, string]]),
    ["machine", `${action.computerDnsName ?? "-"} (${action.machineId})`],
    ["requestor", action.requestor],
    ["comment", action.requestorComment],
    ["created", formatTime(action.creationDateTimeUtc)],
    ["updated", formatTime(action.lastUpdateDateTimeUtc)],
    ...(options === null ? [] : [["options", describeOptions(options)] satisfies [string, string]]),
    ...(secretNames.length === 0 ? [] : [["secrets", secretNames.join(", ")] satisfies [string, string]]),
  ];
  if (action.cancellationDateTimeUtc !== null) {
    facts.push([
      "cancelled",
      `${formatTime(action.cancellationDateTimeUtc)} by ${action.cancellationRequestor ?? "-"}`,
    ]);
    facts.push(["reason", action.cancellationComment]);
  }
  if (action.troubleshootInfo !== null) facts.push(["info", action.troubleshootInfo]);
  const head = facts.map(([name, value]) => `${name.padEnd(11)}${harmlessLine(value ?? "-")}\n`).join("");
  const commands = action.commands.map(
    ({ index, commandStatus, command, errors }) =>
      `  ${index}  ${commandStatus.padEnd(9)}  ${harmlessLine(describe(command))}\n` +
      errors.map((error) => `       ${harmlessLine(error)}\n`).join(""),
  );
  return `${head}commands\n${commands.join("")}`;
}

/** As the options of `run` say it. */
function describeOptions({
  scriptTimeoutMs,
  outputLimitBytes,
  queueTimeoutMs,
  notBefore,
  keepProcesses,
  runAs,
}: ActionOptionsWire): string {
  const facts = [
    runAs !== undefined && `runs as ${runAs}`,
    scriptTimeoutMs !== undefined && `a script may take ${formatDuration(scriptTimeoutMs)}`,
    outputLimitBytes !== undefined && `output up to ${formatBytes(outputLimitBytes)}`,
    notBefore !== undefined && `starts not before ${formatTime(notBefore)}`,
    queueTimeoutMs !== undefined && `waits up to ${formatDuration(queueTimeoutMs)} for its start`,
    keepProcesses && "keeps processes",
  ];
  return facts.filter((fact) => typeof fact === "string").join(", ");
}

function describe({ type, params }: CommandRequest): string {
  return [type, ...params.map(({ value }) => value)].join(" ");
}
