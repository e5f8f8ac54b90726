import type { CommandContext, Outcome } from "../command.ts";
import { actionJson } from "./action-json.ts";
import type { Started } from "./start-action.ts";

/** The result of `--no-wait`: only the id on standard output, for scripts. JSON `{action}`. */
export function startedOnly({ env }: CommandContext, { actionId, created }: Started): Outcome {
  const notes = env.stderr.isTTY ? `Started. Its results, when it is done: halligan result ${actionId}\n` : "";
  return { json: created === null ? { actionId } : { action: actionJson(created) }, text: `${actionId}\n`, notes };
}
