/** A line of the owner's log for people: one line each, with the device's own time. */
import { localTime, visible } from "../text-for-people.ts";
import type { LogRecord } from "./log-record.ts";

const EVENT_COLUMNS = 11;

export function logText(record: LogRecord): string {
  const action = record.actionId === undefined ? [] : [`action ${record.actionId}`];
  const command = record.type === undefined ? [] : [`command ${record.index} ${record.type}`];
  const parts = [localTime(record.at), record.event.padEnd(EVENT_COLUMNS), ...action, ...command, ...factsOf(record)];
  return visible(parts.join("  ").trimEnd());
}

function factsOf(record: LogRecord): string[] {
  switch (record.event) {
    case "enrolled":
      return [`machine ${record.machineId} at ${record.server}`];
    case "accepted":
      return [
        `by ${requestor(record)}`,
        (record.commands ?? []).map(commandText).join("; "),
        ...(record.secretNames ? [`secret variables ${record.secretNames.join(", ")}`] : []),
      ];
    case "ended":
      return [
        record.outcome ?? "",
        ...(record.exitCode === null || record.exitCode === undefined ? [] : [`exit code ${record.exitCode}`]),
        ...(record.sha256 ? [`result of ${record.sizeBytes} bytes sha256 ${record.sha256}`] : []),
      ];
    case "cancelled":
      return [record.by ? `by ${record.by.requestor}${commentText(record.by.comment)}` : "by the server itself"];
    case "orderKeys":
      return [`the server's keys are now ${record.keyIds?.join(", ")}`];
    case "lost":
      return [`${record.count} entries: the disk was full or broken`];
    default:
      return record.reason === undefined ? [] : [record.reason];
  }
}

function requestor({ origin }: LogRecord): string {
  if (!origin) return "an older server, which does not say who asked";
  const { requestor: name, requestorId, application, comment } = origin;
  const through = application === null || application === requestorId ? "" : ` through ${application}`;
  return `${name} (${requestorId}${through})${commentText(comment)}`;
}

const commentText = (comment: string): string => (comment === "" ? "" : `: ${JSON.stringify(comment)}`);

type Command = NonNullable<LogRecord["commands"]>[number];

function commandText({ type, target, args, sha256, archive, keepProcesses, runAs }: Command): string {
  return [
    type,
    ...(archive === undefined ? [] : [archive]),
    target,
    ...(args === undefined ? [] : [`args ${JSON.stringify(args)}`]),
    ...(sha256 ? [`sha256 ${sha256}`] : sha256 === null ? ["not in the library"] : []),
    ...(runAs === undefined ? [] : [`as user ${runAs}`]),
    ...(keepProcesses ? ["keeps its processes"] : []),
  ].join(" ");
}
