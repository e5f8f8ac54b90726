import type { CommandStatusWire, MachineActionWire } from "@halligan/protocol/api";
import type { ListedCommand } from "../../../domain/actions/command.ts";
import type { ListedAction } from "../../../domain/actions/machine-action.ts";
import { wireTime, wireTimeOrNull } from "./wire-time.ts";

/**
 * The entity key for key as in real captures; all keys always there.
 * `docs/contract/http-api.md#machine-action-entity`.
 */
export function machineActionWire(action: ListedAction): MachineActionWire {
  const { cancellation } = action;
  return {
    id: action.id,
    type: "LiveResponse",
    title: null,
    requestor: action.requestor,
    requestorComment: action.comment,
    status: action.status,
    machineId: action.machineId,
    computerDnsName: action.computerDnsName,
    creationDateTimeUtc: wireTime(action.createdAtMs),
    lastUpdateDateTimeUtc: wireTime(action.updatedAtMs),
    cancellationRequestor: cancellation?.requestor ?? null,
    cancellationComment: cancellation?.comment ?? null,
    cancellationDateTimeUtc: wireTimeOrNull(cancellation?.atMs ?? null),
    errorHResult: action.errorHResult,
    scope: null,
    externalId: null,
    requestSource: "PublicApi",
    relatedFileInfo: null,
    commands: action.commands.map(commandWire),
    troubleshootInfo: null,
  };
}

function commandWire(command: ListedCommand, index: number): CommandStatusWire {
  return {
    index,
    startTime: wireTimeOrNull(command.startedAtMs),
    endTime: wireTimeOrNull(command.endedAtMs),
    // Only the three documented values go out; a start shows in startTime.
    // docs/contract/disagreements.md#row-8.
    commandStatus: command.status === "Executing" ? "Created" : command.status,
    errors: [...command.errors],
    command: { type: command.type, params: command.params.map(({ key, value }) => ({ key, value })) },
  };
}
