import type { StartLiveResponseRequest } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../../auth/caller.ts";
import { choosePins } from "../../../domain/actions/chosen-content.ts";
import { claimedAction } from "../../../domain/actions/claim.ts";
import type { CommandKeys } from "../../../domain/actions/collection/requested-collection.ts";
import { contentIdsOf, type MachineAction } from "../../../domain/actions/machine-action.ts";
import { newMachineAction } from "../../../domain/actions/new-machine-action.ts";
import { readOptions } from "../../../domain/actions/options/action-options.ts";
import { readSecrets } from "../../../domain/actions/options/action-secrets.ts";
import { orderFor } from "../../../domain/actions/order.ts";
import { isScheduled, MAX_SCHEDULED, unfinishedNow } from "../../../domain/actions/scheduled-start.ts";
import { areSlotsLimited } from "../../../domain/actions/session-slots.ts";
import type { DomainError } from "../../../domain/errors.ts";
import type { StoreTx } from "../../../store/store.ts";
import type { ServiceContext } from "../../context.ts";
import { events } from "../../events.ts";
import { contentFault, namedContent } from "../../library/library-pins.ts";
import { machineInScope } from "../../machine-scope.ts";
import { resolveInDoubtCommit } from "../resolve-in-doubt-commit.ts";
import { earlierStart, type IdempotencyKey, keepKey } from "./idempotent-start.ts";

/**
 * `POST /api/machines/{id}/runliveresponse`, and every other start. One transaction writes the
 * action with its commands and the audit record. Library names that exist now are pinned to their
 * content. A command that names its bytes by SHA-256 gets those or is refused.
 *
 * If the machine is connected to this node and has no open order, the same transaction claims the
 * action's order, so that the order is sent after one commit instead of two.
 *
 * With `key`, the transaction also writes the key. A repeated start finds it and returns what the
 * first one returned.
 */
export async function runLiveResponse(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  request: StartLiveResponseRequest,
  key: IdempotencyKey | null = null,
  commandKeys?: CommandKeys,
): Promise<Result<MachineAction, DomainError>> {
  const { store, clock, ids, limits, policy, bus, measures, readyAgents } = context;
  const agent = readyAgents.of(machineId);
  const last: { written: MachineAction | null } = { written: null };
  let isRepeated = false;
  const accept = async (tx: StoreTx): Promise<Result<MachineAction, DomainError>> => {
    // Issued together to save a round trip. The machine is loaded first because its row is the
    // lock.
    const [machine, earlier, open, group, named] = await Promise.all([
      machineInScope(tx, caller, machineId),
      key && earlierStart(tx, caller, key, clock.nowMs()),
      tx.actions.openOf(machineId),
      tx.deviceGroups.ofMachine(machineId),
      namedContent(tx, caller, request),
    ]);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    isRepeated = earlier?.ok === true;
    if (earlier) return earlier;
    const options = readOptions(request.options, limits.options, clock.nowMs());
    if (!options.ok) return options;
    const secrets = readSecrets(request.secretEnv, {
      machineId,
      secretKey: machine.secretKey,
      hasScript: request.Commands.some(({ type }) => type === "RunScript"),
    });
    if (!secrets.ok) return secrets;
    const isLater = (options.value.notBeforeMs ?? 0) > clock.nowMs();
    const blocking = isLater ? undefined : unfinishedNow(open, clock.nowMs());
    if (isLater && open.filter(isScheduled).length >= MAX_SCHEDULED) {
      const detail = `machine ${machineId} has ${MAX_SCHEDULED} actions with a later start time, which is the limit`;
      return err({ code: "InvalidInput", detail });
    }
    if (blocking) return err({ code: "ActiveRequestAlreadyExists", machineId, blockingActionId: blocking.id });
    if (!group) throw new Error(`machine ${machineId} is in a device group that is not there`);
    const pins = choosePins(request.Commands, named);
    if (!pins.ok) return pins;
    const nowMs = clock.nowMs();
    const slots = limits.runningSessions;
    const needsSlot = machine.linked && !isLater && areSlotsLimited(slots);
    const action = newMachineAction({
      id: ids.guid(),
      machine,
      group,
      request,
      options: options.value,
      secrets: secrets.value,
      ...(commandKeys && { commandKeys }),
      archives: limits,
      requestor: caller,
      pins: pins.value,
      nowMs,
      queueTimeoutMs: limits.queueTimeoutMs,
      bounds: limits,
      sessions: {
        taken: needsSlot ? await tx.actions.lockSlotsInUse(slots, nowMs) : 0,
        slots,
        retryAfterMs: limits.sessionRetryAfterMs,
      },
    });
    if (!action.ok) return action;
    const { files } = named;
    const fault = await contentFault(tx, policy, caller, request, machine, { files, pins: pins.value });
    if (fault) return err(fault);
    for (const contentId of contentIdsOf(action.value)) await tx.stagedContents.use(contentId);
    const { journalId } = machine;
    // The device must have ended its earlier orders. An action without a slot waits for one.
    const isClaimed =
      agent?.connectionEpoch === machine.connectionEpoch &&
      journalId !== null &&
      open.every(isScheduled) &&
      action.value.slot.held;
    const target = {
      orderSeq: machine.lastOrderSeq + 1,
      journalId: journalId ?? "",
      connectionEpoch: machine.connectionEpoch,
    };
    const accepted = isClaimed ? claimedAction(action.value, target, limits, nowMs) : action.value;
    await tx.actions.insert(accepted);
    if (key) await keepKey(tx, caller, key, accepted);
    await events.liveResponseRequested(tx, caller, accepted);
    if (isClaimed) {
      await tx.machines.saveLastOrderSeq(machine.id, target.orderSeq);
      await events.orderClaimed(tx, accepted, nowMs);
    }
    last.written = accepted;
    return ok(accepted);
  };
  const accepted = await resolveInDoubtCommit(
    context,
    () => store.write(accept),
    () => store.write((tx) => whatIsThere(tx, last.written)),
  );
  if (!accepted.ok || isRepeated) return accepted;
  const { order, createdAtMs } = accepted.value;
  if (!order) bus.wakeMachine(machineId);
  else {
    measures.orderClaimed(order.claimedAtMs - createdAtMs);
    agent?.sendOrder(orderFor(accepted.value, limits.order, clock.nowMs() + limits.orderAcceptanceMs));
  }
  return accepted;
}

/** The machine is loaded first because its row is the lock. */
async function whatIsThere(
  tx: StoreTx,
  written: MachineAction | null,
): Promise<Result<MachineAction, DomainError> | null> {
  if (!written) return null;
  await tx.machines.byId(written.machineId);
  return (await tx.actions.byId(written.id)) ? ok(written) : null;
}
