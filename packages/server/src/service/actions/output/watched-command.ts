import { type Command, isEnded } from "../../../domain/actions/command.ts";
import { isFinal, type MachineAction } from "../../../domain/actions/machine-action.ts";

/**
 * Where the output of a command is.
 * none:    it has none, and it has ended or will never begin.
 * stored:  in its transcript.
 * expired: the time for which results are kept is over.
 * device:  it runs on its device, or is about to.
 * later:   its turn has not come.
 */
export type OutputPlace = "none" | "stored" | "expired" | "device" | "later";

export function outputPlace(action: MachineAction, command: Command): OutputPlace {
  const isScript = command.type === "RunScript";
  if (isEnded(command)) {
    if (!isScript || command.result === null) return "none";
    return command.result.kind === "expired" ? "expired" : "stored";
  }
  const isOut = action.order?.state === "out";
  // A cancelled action is final at once, while its script may still write.
  if (isFinal(action.status) && !(isScript && isOut && command.status === "Executing")) return "none";
  return isScript && isOut ? "device" : "later";
}
