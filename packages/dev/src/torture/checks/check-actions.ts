import { type CommandStatusWire, FINAL_STATUSES, type MachineActionWire } from "@halligan/protocol/api";
import type { Ledger } from "../ledger.ts";
import type { Violations } from "../violations.ts";
import { type LineCounts, lineKey } from "./check-lines.ts";

/** The error of a command that a fault of this run explains. Any other error is a violation. */
const INTERRUPTED =
  /^Interrupted: the agent stopped (while the script ran|when the script was about to start; whether it ran is not known)\.$/;
/**
 * The second: the server takes no more parts of a file once its action is cancelled, before the
 * device hears of it.
 */
const CANCELLED = /^Cancelled before it ended\.$|the action was cancelled/;

/**
 * Compares the server's state of every action with the request of its caller and with the lines
 * that its scripts wrote.
 */
export function checkActions(
  actions: readonly MachineActionWire[],
  ledger: Ledger,
  lines: LineCounts,
  violations: Violations,
): void {
  const known = new Map(actions.map((action) => [action.id, action]));
  for (const id of ledger.accepted.keys()) if (!known.has(id)) violations.add(`action ${id} was accepted and is gone`);
  for (const action of actions) {
    const violate = (text: string) => violations.add(`action ${action.id} (${action.status}): ${text}`);
    const asked = ledger.accepted.get(action.id);
    if (!asked) {
      violate("no caller knows of it");
      continue;
    }
    if (!FINAL_STATUSES.has(action.status)) violate("it is not final");
    if (action.status === "TimeOut") violate("nothing in this run waits long enough for that");
    if (action.commands.length !== asked.plan.commands.length) violate(`it has ${action.commands.length} commands`);
    checkSequence(action, violate);
    for (const command of action.commands) {
      const count = lines.get(lineKey(action.id, command.index)) ?? 0;
      checkCommand(command, count, action.status === "Cancelled", violate);
    }
  }
}

function checkSequence({ status, commands }: MachineActionWire, fault: (text: string) => void): void {
  const states = commands.map(({ commandStatus }) => commandStatus);
  if (status === "Succeeded" && states.some((state) => state !== "Completed")) fault(`commands are ${states}`);
  if (status === "Failed" && states.filter((state) => state === "Failed").length !== 1) fault(`commands are ${states}`);
  const first = states.findIndex((state) => state !== "Completed");
  if (first >= 0 && states.slice(first + 1).some((state) => state !== "Created")) fault(`out of order: ${states}`);
}

function checkCommand(
  { index, command, commandStatus, startTime, errors }: CommandStatusWire,
  lines: number,
  isCancelled: boolean,
  fault: (text: string) => void,
): void {
  const name = `command ${index} (${command.type}, ${commandStatus})`;
  if (commandStatus === "Failed") {
    const isExplained = errors.every((text) => INTERRUPTED.test(text) || (isCancelled && CANCELLED.test(text)));
    if (errors.length === 0 || !isExplained) fault(`${name} failed for a reason of its own: ${errors.join("; ")}`);
  }
  // Its order was closed before the machine took the last action of this run, so its end must be
  // known.
  if (commandStatus === "Created" && startTime !== null) fault(`${name} was started and never ended`);
  if (command.type !== "RunScript") return;
  if (commandStatus === "Completed" && lines !== 1) fault(`${name} has ${lines} lines`);
  if (commandStatus === "Created" && lines !== 0) fault(`${name} has ${lines} lines`);
}
