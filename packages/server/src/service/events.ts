import type { MachineAction } from "../domain/machine-action.ts";
import type { StoreTx } from "../store/store.ts";

/** Who does something: an application or user that calls, a machine that reports, or the server's own clock. */
export interface Actor {
  name: string;
  id: string;
}

export const SERVER: Actor = { name: "halligan-server", id: "halligan-server" };
export const machineActor = (machineId: string): Actor => ({ name: `machine ${machineId}`, id: machineId });

/**
 * The audit record of each thing that happens to a machine action, written in the transaction of the change. It names what
 * was asked and the SHA-256 of what ran, never contents or arguments' secrets beyond what the caller already put into the action.
 */
export const events = {
  async liveResponseRequested(tx: StoreTx, actor: Actor, action: MachineAction): Promise<void> {
    await append(tx, actor, "RunLiveResponse", action, action.createdAtMs, {
      commands: action.commands.map(({ type, params, pin }) => ({
        type,
        target: params.find(({ key }) => key !== "Args")?.value ?? null,
        sha256: pin?.sha256 ?? null,
      })),
      ...(action.options.keepProcesses && { options: action.options }),
    });
  },
  async orderClaimed(tx: StoreTx, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, SERVER, "OrderClaimed", action, nowMs, {
      orderSeq: action.order?.orderSeq ?? null,
      sha256: action.commands.map(({ pin }) => pin?.sha256 ?? null),
    });
  },
  async cancelled(tx: StoreTx, actor: Actor, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, actor, "CancelMachineAction", action, nowMs, {});
  },
  /** The action reached a final status by itself. */
  async ended(tx: StoreTx, actor: Actor, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, actor, "MachineActionEnded", action, nowMs, {
      status: action.status,
      results: action.commands.map(({ status, result }) => ({ status, sha256: result?.sha256 ?? null })),
    });
  },
  async orderRefused(tx: StoreTx, action: MachineAction, code: string, nowMs: number): Promise<void> {
    await append(tx, machineActor(action.machineId), "OrderRefused", action, nowMs, { code });
  },
  async resultLinkCreated(
    tx: StoreTx,
    actor: Actor,
    action: MachineAction,
    index: number,
    nowMs: number,
  ): Promise<void> {
    await append(tx, actor, "GetLiveResponseResultDownloadLink", action, nowMs, { index });
  },
};

function append(
  tx: StoreTx,
  actor: Actor,
  operation: string,
  action: MachineAction,
  atMs: number,
  detail: Record<string, unknown>,
): Promise<void> {
  return tx.audit.append({
    atMs,
    actor: actor.name,
    actorId: actor.id,
    operation,
    machineId: action.machineId,
    actionId: action.id,
    detail,
  });
}
