import { auditedComment, auditedRequest } from "../domain/actions/audited-request.ts";
import type { MachineAction } from "../domain/actions/machine-action.ts";
import { chosenOptions } from "../domain/actions/options/action-options.ts";
import { secretNames } from "../domain/actions/options/action-secrets.ts";
import type { StoreTx } from "../store/store.ts";
import { type Actor, auditedActor, SERVER } from "./actor.ts";
import type { AuditedOperation } from "./audit-operations.ts";

/**
 * The audit record of each event of a machine action, written in the transaction of the change. It
 * contains what was requested, with bounded arguments and comment, and the SHA-256 of what ran, but
 * no contents. Arguments are no place for secrets, because the device shows them in its process
 * list.
 */
export const events = {
  async liveResponseRequested(tx: StoreTx, actor: Actor, action: MachineAction): Promise<void> {
    const options = chosenOptions(action.options);
    const names = secretNames(action.secrets);
    await append(tx, actor, "RunLiveResponse", action, action.createdAtMs, {
      ...auditedRequest(action),
      ...(options && { options }),
      ...(names && { secretNames: names }),
    });
  },
  async orderClaimed(tx: StoreTx, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, SERVER, "OrderClaimed", action, nowMs, {
      orderSeq: action.order?.orderSeq ?? null,
      sha256: action.commands.map(({ pin }) => pin?.sha256 ?? null),
    });
  },
  async cancelled(tx: StoreTx, actor: Actor, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, actor, "CancelMachineAction", action, nowMs, auditedComment(action.cancellation?.comment ?? ""));
  },
  /** The action became final without a caller. */
  async ended(tx: StoreTx, actor: Actor, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, actor, "MachineActionEnded", action, nowMs, {
      status: action.status,
      results: action.commands.map(({ status, result }) => ({ status, sha256: result?.sha256 ?? null })),
    });
  },
  async orderRefused(tx: StoreTx, actor: Actor, action: MachineAction, code: string, nowMs: number): Promise<void> {
    await append(tx, actor, "OrderRefused", action, nowMs, { code });
  },
  async resultLinkCreated(
    tx: StoreTx,
    actor: Actor,
    action: MachineAction,
    index: number,
    nowMs: number,
    how: { readonly isInline?: true; readonly isDownload?: true; readonly stream?: "stdout" | "stderr" } = {},
  ): Promise<void> {
    await append(tx, actor, "GetLiveResponseResultDownloadLink", action, nowMs, { index, ...how });
  },
  /** Recorded before the first byte, once for each stream and command. */
  async outputWatched(tx: StoreTx, actor: Actor, action: MachineAction, index: number, nowMs: number): Promise<void> {
    await append(tx, actor, "WatchMachineActionOutput", action, nowMs, { index });
  },
  async resultLinksRevoked(tx: StoreTx, actor: Actor, action: MachineAction, nowMs: number): Promise<void> {
    await append(tx, actor, "RevokeResultLinks", action, nowMs, {});
  },
};

function append(
  tx: StoreTx,
  actor: Actor,
  operation: AuditedOperation,
  action: MachineAction,
  atMs: number,
  detail: Record<string, unknown>,
): Promise<void> {
  return tx.audit.append({
    atMs,
    ...auditedActor(actor),
    operation,
    machineId: action.machineId,
    actionId: action.id,
    detail,
  });
}
