import type { CommandRequest } from "@halligan/protocol/api";
import { RUN_AS, RUN_AS_NEEDS_ROOT, RUN_AS_NEEDS_SETPRIV } from "@halligan/protocol/link";
import type { DomainError, RunAsObstacle } from "../../errors.ts";
import type { Machine } from "../../machines/machine.ts";

/**
 * Whether this start may have `runAs`, as far as the server knows. The device decides: it may have
 * another agent when the order arrives, and only it knows its users.
 *
 * @param runAs null when the caller has chosen no user
 */
export function runAsFault(
  runAs: string | null,
  commands: readonly Pick<CommandRequest, "type">[],
  machine: Pick<Machine, "id" | "facts" | "features">,
): DomainError | null {
  if (runAs === null) return null;
  if (!commands.some(({ type }) => type === "RunScript")) {
    return {
      code: "InvalidRequestBody",
      detail: "options.runAs is for scripts, and Commands has no RunScript; PutFile and GetFile work as the agent",
    };
  }
  const obstacle = runAsObstacle(machine);
  return obstacle && { code: "RunAsNotSupported", machineId: machine.id, obstacle };
}

function runAsObstacle({ facts, features }: Pick<Machine, "facts" | "features">): RunAsObstacle | null {
  if (facts.osPlatform.toLowerCase() !== "linux") return "notLinux";
  if (features.includes(RUN_AS)) return null;
  if (features.includes(RUN_AS_NEEDS_ROOT)) return "notRoot";
  return features.includes(RUN_AS_NEEDS_SETPRIV) ? "noSetpriv" : "unknown";
}
