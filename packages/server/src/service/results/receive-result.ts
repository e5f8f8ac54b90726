import { createHash } from "node:crypto";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { type CompleteUpload, PART_BYTES } from "@halligan/protocol/link";
import type { LinkTicket } from "../../auth/signatures/link-ticket.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import { longestResultBytes, uploadRefusal } from "../../domain/results/result-space.ts";
import type { ServiceContext } from "../context.ts";
import { countTransfer } from "./count-transfer.ts";
import { noteTransferRefusal, noteTransferResumed } from "./note-transfer-refusal.ts";
import { reserveResultSpace } from "./reserve-result-space.ts";

/**
 * The id under which an upload is stored. The device chooses `uploadId`, so that it can resume, but
 * never a path: its text is hashed together with the machine, action and command.
 */
export function resultIdOf(machineId: string, actionId: string, index: number, uploadId: string): string {
  return createHash("sha256").update(`result\n${machineId}\n${actionId}\n${index}\n${uploadId}`).digest("hex");
}

/** Whether the connection of a signed ticket is the machine's newest, and the machine is in use. */
export async function isCurrentTicket({ store }: Pick<ServiceContext, "store">, ticket: LinkTicket): Promise<boolean> {
  const machine = await store.read((tx) => tx.machines.byId(ticket.machineId));
  if (!machine || machine.quarantined || machine.retirement) return false;
  return machine.connectionEpoch === ticket.connectionEpoch;
}

/**
 * Called repeatedly while a download is running. False when the machine is in quarantine or
 * retired, or its order is over.
 */
export async function isTransferAllowed(
  context: Pick<ServiceContext, "store">,
  of: LinkTicket,
  actionId: string,
): Promise<boolean> {
  const machine = await context.store.read((tx) => tx.machines.byId(of.machineId));
  if (!machine || machine.quarantined || machine.retirement) return false;
  return (await actionForTransfer(context, of, actionId)).ok;
}

/** The action of a transfer. Its order must be out on the ticket's machine. */
export async function actionForTransfer(
  { store }: Pick<ServiceContext, "store">,
  { machineId }: LinkTicket,
  actionId: string,
): Promise<Result<MachineAction, DomainError>> {
  const action = await store.read((tx) => tx.actions.byId(actionId));
  if (action?.machineId === machineId && action.order?.state === "out") return ok(action);
  return err({ code: "TransferRefused", detail: "the action is not one whose order is out on this machine" });
}

export interface ResultPart {
  index: number;
  uploadId: string;
  part: number;
  sizeBytes: number;
  sha256: string;
  body: AsyncIterable<Uint8Array>;
}

/**
 * `PUT .../parts/{n}`: the part is durable when the response is sent. A part that does not fit is
 * refused before its first byte is read.
 */
export async function receiveResultPart(
  context: ServiceContext,
  action: MachineAction,
  { index, uploadId, part, sizeBytes, sha256, body }: ResultPart,
): Promise<Result<null, DomainError>> {
  const { blobs, bus, clock, limits, measures } = context;
  const command = action.commands[index];
  if (!command) return err({ code: "InvalidInput", detail: `the action has no command ${index}` });
  const refusal = uploadRefusal(action, index, clock.nowMs());
  if (refusal !== null) return err({ code: "TransferRefused", detail: refusal });
  if (sizeBytes > PART_BYTES) return err({ code: "InvalidInput", detail: `a part has at most ${PART_BYTES} bytes` });
  const neededBytes = part * PART_BYTES + sizeBytes;
  const longestBytes = longestResultBytes(command, action, limits);
  if (neededBytes > longestBytes) {
    return err({ code: "InvalidInput", detail: `a result of this command has at most ${longestBytes} bytes` });
  }
  const resultId = resultIdOf(action.machineId, action.id, index, uploadId);
  const reserved = await reserveResultSpace(context, { actionId: action.id, index, resultId, neededBytes });
  if (!reserved.ok) {
    const { code } = reserved.error;
    if (code === "ResultQuotaExceeded") await noteTransferRefusal(context, action, { index, code, sizeBytes });
    return reserved;
  }
  const counted = countTransfer(bus, { actionId: action.id, index, fromBytes: part * PART_BYTES }, body);
  const stored = await blobs.putResultPart({ resultId, part, sizeBytes, sha256, body: counted });
  if (stored.code !== "stored") {
    const { code } = stored;
    if (code === "InsufficientStorage") await noteTransferRefusal(context, action, { index, code, sizeBytes });
    return err(stored);
  }
  measures.received(sizeBytes);
  await noteTransferResumed(context, action, index);
  return ok(null);
}

/**
 * `POST .../complete`: the complete result is durable and its SHA-256 agrees. Only now may the
 * command's end name it.
 */
export async function completeResult(
  context: ServiceContext,
  action: MachineAction,
  index: number,
  uploadId: string,
  whole: CompleteUpload,
): Promise<Result<null, DomainError>> {
  const { store, blobs, clock, resultSpace } = context;
  const resultId = resultIdOf(action.machineId, action.id, index, uploadId);
  // Also needed if its parts arrived before this release, or before the store was restored from a
  // backup.
  const wanted = { actionId: action.id, index, resultId, neededBytes: whole.sizeBytes };
  const reserved = await reserveResultSpace(context, wanted);
  if (!reserved.ok) return reserved;
  const completed = await blobs.completeResult({ resultId, ...whole });
  if (completed.code !== "complete") return err(completed);
  const { machineId } = action;
  const { sizeBytes, sha256 } = whole;
  const isKept = await store.write(async (tx) => {
    const completedAtMs = clock.nowMs();
    await tx.results.insertUpload({ resultId, actionId: action.id, sizeBytes, sha256, completedAtMs });
    const kept = await tx.results.upload(resultId);
    if (kept?.sha256 !== sha256) return false;
    await tx.resultSpace.grant({ resultId, actionId: action.id, index, machineId, bytes: sizeBytes }, completedAtMs);
    return true;
  });
  if (!isKept) {
    // The row is the first completion's and stays, so this content is not needed.
    await blobs.deleteContent?.({ resultId, sha256 });
    return err({ code: "UploadMismatch", detail: "the result is complete with another content" });
  }
  resultSpace.completed(resultId, whole.sizeBytes);
  return ok(null);
}
