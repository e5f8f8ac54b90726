import type { StartLiveResponseRequest } from "@halligan/protocol/api";
import type { Caller } from "../auth/caller.ts";
import { choosePins, stagedHashes } from "../domain/chosen-content.ts";
import type { LibraryPin } from "../domain/command.ts";
import type { DomainError } from "../domain/errors.ts";
import { contentIdsOf, type MachineAction } from "../domain/machine-action.ts";
import { libraryFileNames, newMachineAction } from "../domain/new-machine-action.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { arePlacesLimited } from "../domain/session-places.ts";
import type { StoreTx } from "../store/store.ts";
import type { ServiceContext } from "./context.ts";
import { events } from "./events.ts";
import { reachableMachine } from "./reach.ts";
import { settleDoubt } from "./settle-doubt.ts";

/**
 * `POST /api/machines/{id}/runliveresponse`, and every other start: one transaction writes the action with its commands and the
 * audit row. Library names that exist now are pinned to their content; commands that say which bytes they mean get those or none.
 */
export async function runLiveResponse(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  request: StartLiveResponseRequest,
): Promise<Result<MachineAction, DomainError>> {
  const { store, clock, ids, limits, bus } = context;
  const last: { written: MachineAction | null } = { written: null };
  const accept = async (tx: StoreTx): Promise<Result<MachineAction, DomainError>> => {
    // Asked for together: one round trip. The machine comes first, and with it the lock.
    const [machine, blocking, group, library, staged] = await Promise.all([
      reachableMachine(tx, caller, machineId),
      tx.actions.unfinishedOf(machineId),
      tx.deviceGroups.ofMachine(machineId),
      libraryPins(tx, request),
      stagedPins(tx, caller, request),
    ]);
    if (!machine) return refuse({ code: "MachineNotFound", machineId });
    if (blocking) return refuse({ code: "ActiveRequestAlreadyExists", machineId, blockingActionId: blocking.id });
    if (!group) throw new Error(`machine ${machineId} is in a device group that is not there`);
    const pins = choosePins(request.Commands, { library, staged });
    if (!pins.ok) return pins;
    const nowMs = clock.nowMs();
    const places = limits.runningSessions;
    const needsPlace = machine.linked && arePlacesLimited(places);
    const action = newMachineAction({
      id: ids.guid(),
      machine,
      group,
      request,
      requestor: caller,
      pins: pins.value,
      nowMs,
      queueTimeoutMs: limits.queueTimeoutMs,
      bounds: limits,
      sessions: {
        taken: needsPlace ? await tx.actions.placesTakenUntilEnd(places, nowMs) : 0,
        places,
        retryAfterMs: limits.sessionRetryAfterMs,
      },
    });
    if (!action.ok) return action;
    for (const contentId of contentIdsOf(action.value)) await tx.stagedContents.use(contentId);
    await tx.actions.insert(action.value);
    await events.liveResponseRequested(tx, caller, action.value);
    last.written = action.value;
    return ok(action.value);
  };
  const accepted = await settleDoubt(
    context,
    () => store.write(accept),
    () => store.write((tx) => whatIsThere(tx, last.written)),
  );
  if (accepted.ok) bus.wakeMachine(machineId);
  return accepted;
}

/** The machine's row comes first, and with it the lock. */
async function whatIsThere(
  tx: StoreTx,
  written: MachineAction | null,
): Promise<Result<MachineAction, DomainError> | null> {
  if (!written) return null;
  await tx.machines.byId(written.machineId);
  return (await tx.actions.byId(written.id)) ? ok(written) : null;
}

async function libraryPins(tx: StoreTx, request: StartLiveResponseRequest): Promise<Map<string, LibraryPin>> {
  const files = await Promise.all(libraryFileNames(request.Commands).map((name) => tx.library.byName(name)));
  return new Map(
    files.flatMap((file) => (file ? [[file.fileName, { sha256: file.sha256, sizeBytes: file.sizeBytes }]] : [])),
  );
}

/** Only what this very caller staged: knowing a hash gives no access to bytes of others. */
async function stagedPins(
  tx: StoreTx,
  caller: Caller,
  request: StartLiveResponseRequest,
): Promise<Map<string, LibraryPin>> {
  const contents = await Promise.all(
    stagedHashes(request.Commands).map((sha256) => tx.stagedContents.find(caller.id, sha256)),
  );
  return new Map(
    contents.flatMap((content) =>
      content
        ? [[content.sha256, { sha256: content.sha256, sizeBytes: content.sizeBytes, contentId: content.id }]]
        : [],
    ),
  );
}
