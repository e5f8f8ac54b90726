import { readFile } from "node:fs/promises";
import type { Ledger } from "../ledger.ts";
import type { Violations } from "../violations.ts";

/** How often each command wrote its line, by `<action id> <index>`. */
export type LineCounts = ReadonlyMap<string, number>;

export const lineKey = (actionId: string, index: number) => `${actionId} ${index}`;

/**
 * Reads what the scripts did. A line that no accepted action can have written, or a second one of a
 * command, is a violation.
 */
export async function checkLines(linesFile: string, ledger: Ledger, violations: Violations): Promise<LineCounts> {
  const counts = new Map<string, number>();
  const text = await readFile(linesFile, "utf8");
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [actionId = "", index = "", token = ""] = line.split(" ");
    const action = ledger.accepted.get(actionId);
    if (!action) violations.add(`a script ran for ${actionId}, which no caller started: ${line}`);
    else if (action.plan.token !== token)
      violations.add(`action ${actionId} ran the script of another request: ${line}`);
    const key = lineKey(actionId, Number(index));
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > 1) violations.add(`command ${index} of action ${actionId} ran ${count} times`);
  }
  return counts;
}
