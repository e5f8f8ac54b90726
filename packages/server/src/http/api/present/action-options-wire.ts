import type { ActionOptionsWire } from "@halligan/protocol/api";
import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import { chosenOptions } from "../../../domain/actions/options/action-options.ts";

/** The member `options` of a response; nothing when the caller of the start chose nothing. */
export function optionsMember({ options }: Pick<MachineAction, "options">): { options?: ActionOptionsWire } {
  const chosen = chosenOptions(options);
  return chosen ? { options: chosen } : {};
}
