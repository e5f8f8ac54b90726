import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";
import { endOpenActions } from "./end-open-actions.ts";
import { SERVER } from "./events.ts";
import { wakeForFreePlace } from "./wake-for-free-place.ts";

const REASON = "Two devices used this machine's key, so nobody can say which of them ran what. Enroll the machine anew";

/**
 * Two devices were seen with one key: the machine takes nothing more until it is enrolled anew. What was open on it has failed, because
 * neither device's word about it can be trusted. Its link epoch grows, so that whatever is still said on a link of it loses.
 */
export async function quarantineMachine(
  context: ServiceContext,
  machineId: string,
  journalIds: readonly string[],
): Promise<void> {
  const { store, clock, log } = context;
  const isNew = await store.write(async (tx) => {
    const machine = await tx.machines.byId(machineId);
    if (!machine || machine.quarantined) return false;
    const nowMs = clock.nowMs();
    await tx.machines.save(machine, { ...machine, quarantined: true, linked: false, linkEpoch: machine.linkEpoch + 1 });
    await auditChange(tx, SERVER, "QuarantineMachine", nowMs, { journalIds }, machineId);
    await endOpenActions(tx, SERVER, machineId, REASON, nowMs);
    return true;
  });
  if (!isNew) return;
  log.warn({ machineId, journalIds }, "machine put in quarantine: two devices use its key");
  await wakeForFreePlace(context);
}
