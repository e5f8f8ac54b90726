import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { EndEvidence } from "../../auth/signatures/signed-end.ts";
import { isEnded } from "../../domain/actions/command.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { actionInScope } from "../machine-scope.ts";

export interface ActionEvidence {
  actionId: string;
  machineId: string;
  /**
   * The evidence of the commands that have ended. `evidence` is null from a device of link version
   * 1, or when the server ended the command.
   */
  commands: { index: number; type: "RunScript" | "GetFile" | "PutFile"; evidence: EndEvidence | null }[];
}

/** `GET /halligan/v1/actions/{id}/evidence` */
export function getActionEvidence(
  { store }: ServiceContext,
  caller: Caller,
  actionId: string,
): Promise<Result<ActionEvidence, DomainError>> {
  return store.read(async (tx): Promise<Result<ActionEvidence, DomainError>> => {
    const action = await actionInScope(tx, caller, actionId);
    if (!action) return err({ code: "MachineActionNotFound", actionId });
    const signed = new Map((await tx.signedEnds.of(action.id)).map(({ index, ...evidence }) => [index, evidence]));
    const commands = action.commands.flatMap((command, index) =>
      isEnded(command) ? [{ index, type: command.type, evidence: signed.get(index) ?? null }] : [],
    );
    return ok({ actionId: action.id, machineId: action.machineId, commands });
  });
}
