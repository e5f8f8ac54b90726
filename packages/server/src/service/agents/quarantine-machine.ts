import type { CloneEvidence } from "../../domain/machines/clone-detection.ts";
import { endOpenActions } from "../actions/end-open-actions.ts";
import { wakeForFreeSlot } from "../actions/wake-for-free-slot.ts";
import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/** The reason that a device in quarantine logs, at most `MAX_REFUSAL_CHARACTERS` characters. */
export const QUARANTINE_WORDS = { byServer: "two devices use its key", byHand: "quarantined by an operator" } as const;

/** The operator's remedy for a machine in quarantine. */
export const QUARANTINE_REMEDY =
  "On each device that uses this machine's key: stop the agent, remove its data folder and enroll with a new token";

const REASON = `Two devices used this machine's key, so it is not known which of them ran what. ${QUARANTINE_REMEDY}`;

/**
 * Two devices were seen with one key, and the server cannot distinguish them, so the machine
 * accepts no more work. Its open actions fail, because neither device's report about them can be
 * trusted. Its connection epoch is incremented, so that later reports on any of its connections are
 * refused.
 */
export async function quarantineMachine(
  context: ServiceContext,
  machineId: string,
  evidence: CloneEvidence,
  journalIds: readonly string[],
): Promise<void> {
  const { store, clock, log, measures } = context;
  const isNew = await store.write(async (tx) => {
    const machine = await tx.machines.byId(machineId);
    if (!machine || machine.quarantined) return false;
    const nowMs = clock.nowMs();
    await tx.machines.save(machine, {
      ...machine,
      quarantined: true,
      linked: false,
      connectionEpoch: machine.connectionEpoch + 1,
    });
    await auditChange(tx, SERVER, "QuarantineMachine", nowMs, { evidence, journalIds }, machineId);
    await endOpenActions(tx, SERVER, machineId, REASON, nowMs);
    return true;
  });
  if (!isNew) return;
  measures.quarantined(evidence);
  log.warn({ machineId, evidence, journalIds, remedy: QUARANTINE_REMEDY }, "machine put in quarantine");
  await wakeForFreeSlot(context);
}
