import type { RunLiveResponseRequest } from "@halligan/protocol/api";
import type { Caller } from "../auth/caller.ts";
import type { LibraryPin } from "../domain/command.ts";
import type { DomainError } from "../domain/errors.ts";
import type { MachineAction } from "../domain/machine-action.ts";
import { libraryFileNames, newMachineAction } from "../domain/new-machine-action.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { StoreTx } from "../store/store.ts";
import type { ServiceContext } from "./context.ts";
import { events } from "./events.ts";
import { reachableMachine } from "./reach.ts";

/**
 * `POST /api/machines/{id}/runliveresponse`: one transaction writes the action with its commands and the audit row. Library
 * names that exist now are pinned to their content.
 */
export async function runLiveResponse(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  request: RunLiveResponseRequest,
): Promise<Result<MachineAction, DomainError>> {
  const { store, clock, ids, limits, bus } = context;
  const accepted = await store.write(async (tx): Promise<Result<MachineAction, DomainError>> => {
    const machine = await reachableMachine(tx, caller, machineId);
    if (!machine) return refuse({ code: "MachineNotFound", machineId });
    const blocking = await tx.actions.unfinishedOf(machineId);
    if (blocking) return refuse({ code: "ActiveRequestAlreadyExists", machineId, blockingActionId: blocking.id });
    const group = await tx.deviceGroups.byId(machine.groupId);
    if (!group) throw new Error(`machine ${machineId} is in a device group that is not there`);
    const nowMs = clock.nowMs();
    const action = newMachineAction({
      id: ids.guid(),
      machine,
      group,
      request,
      requestor: caller,
      pins: await pinsOf(tx, request),
      nowMs,
      queueTimeoutMs: limits.queueTimeoutMs,
      sessions: {
        taken: await tx.actions.placesTaken(nowMs),
        places: limits.runningSessions,
        retryAfterMs: limits.sessionRetryAfterMs,
      },
    });
    if (!action.ok) return action;
    await tx.actions.insert(action.value);
    await events.liveResponseRequested(tx, caller, action.value);
    return ok(action.value);
  });
  if (accepted.ok) bus.wakeMachine(machineId);
  return accepted;
}

async function pinsOf(tx: StoreTx, request: RunLiveResponseRequest): Promise<Map<string, LibraryPin>> {
  const pins = new Map<string, LibraryPin>();
  for (const name of libraryFileNames(request.Commands)) {
    const file = await tx.library.byName(name);
    if (file) pins.set(name, { sha256: file.sha256, sizeBytes: file.sizeBytes });
  }
  return pins;
}
