import type { MachineActionWire } from "@halligan/protocol/api";
import { actionJson } from "../../actions/action-json.ts";
import type { CommandContext, Outcome } from "../../command.ts";

/** The result of `--no-wait`: only the id on standard output, for scripts. JSON `{action}`. */
export function startedOnly({ env }: CommandContext, action: MachineActionWire): Outcome {
  const notes = env.stderr.isTTY ? `Started. Its results, when it is done: halligan result ${action.id}\n` : "";
  return { json: { action: actionJson(action) }, text: `${action.id}\n`, notes };
}
