import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import { secretNames } from "../../../domain/actions/options/action-secrets.ts";

/** The member `secretNames` of a response; nothing for an action without secrets. */
export function secretNamesMember({ secrets }: Pick<MachineAction, "secrets">): { secretNames?: string[] } {
  const names = secretNames(secrets);
  return names ? { secretNames: names } : {};
}
