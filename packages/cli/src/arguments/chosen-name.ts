import { nameFault } from "@halligan/protocol/text";
import { UsageError } from "../errors/cli-error.ts";

const MAX_NAME_LENGTH = 120;

/**
 * A name that a person gives to a machine, a group or an application. Throws UsageError with the
 * remedy.
 */
export function chosenName(name: string, what: string): string {
  const fault = nameFault(name, MAX_NAME_LENGTH);
  if (fault !== null) throw new UsageError(`${what} ${fault}.`);
  return name;
}
