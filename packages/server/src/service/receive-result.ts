import { createHash } from "node:crypto";
import { type CompleteUpload, PART_BYTES } from "@halligan/protocol/link";
import { checkLinkTicket, type LinkTicket } from "../auth/link-ticket.ts";
import type { DomainError } from "../domain/errors.ts";
import type { MachineAction } from "../domain/machine-action.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { ServiceContext } from "./context.ts";
import { countTransfer } from "./count-transfer.ts";

/**
 * The id under which an upload is kept: the device chooses `uploadId`, so that it can resume, but never a path; whatever it
 * sends ends up hashed together with whose and what it is.
 */
export function resultIdOf(machineId: string, actionId: string, index: number, uploadId: string): string {
  return createHash("sha256").update(`result\n${machineId}\n${actionId}\n${index}\n${uploadId}`).digest("hex");
}

/** Whose transfers a ticket allows; null when it is not one of ours, or its link is not the machine's newest. */
export async function verifyLinkTicket({ store, keys }: ServiceContext, text: string): Promise<LinkTicket | null> {
  const ticket = checkLinkTicket(text, keys.linkTicket.accepted);
  if (!ticket) return null;
  const machine = await store.read((tx) => tx.machines.byId(ticket.machineId));
  if (!machine || machine.quarantined || machine.retirement) return null;
  return machine.linkEpoch === ticket.linkEpoch ? ticket : null;
}

/** The action that a transfer is about: its order must be out on the ticket's machine. */
export async function actionForTransfer(
  { store }: ServiceContext,
  { machineId }: LinkTicket,
  actionId: string,
): Promise<Result<MachineAction, DomainError>> {
  const action = await store.read((tx) => tx.actions.byId(actionId));
  if (action?.machineId === machineId && action.order?.state === "out") return ok(action);
  return refuse({ code: "TransferRefused", detail: "the action is not one whose order is out on this machine" });
}

/** An agent sends a result again under a new id three times at most, and once more after each crash of its own. */
const MAX_UPLOADS_PER_COMMAND = 16;

export interface ResultPart {
  index: number;
  uploadId: string;
  part: number;
  sizeBytes: number;
  sha256: string;
  body: AsyncIterable<Uint8Array>;
}

/** `PUT .../parts/{n}`: durable when it answers. */
export async function receiveResultPart(
  { blobs, bus, limits, measures }: ServiceContext,
  action: MachineAction,
  { index, uploadId, part, sizeBytes, sha256, body }: ResultPart,
): Promise<Result<null, DomainError>> {
  if (!action.commands[index]) return refuse({ code: "InvalidInput", detail: `the action has no command ${index}` });
  if (sizeBytes > PART_BYTES) return refuse({ code: "InvalidInput", detail: `a part has at most ${PART_BYTES} bytes` });
  if (part * PART_BYTES + sizeBytes > limits.resultLimitBytes) {
    return refuse({ code: "InvalidInput", detail: `a result has at most ${limits.resultLimitBytes} bytes` });
  }
  const resultId = resultIdOf(action.machineId, action.id, index, uploadId);
  const counted = countTransfer(bus, { actionId: action.id, index, fromBytes: part * PART_BYTES }, body);
  const stored = await blobs.putResultPart({ resultId, part, sizeBytes, sha256, body: counted });
  if (stored.code !== "stored") return refuse(stored);
  measures.received(sizeBytes);
  return ok(null);
}

/** `POST .../complete`: the whole is durable and its SHA-256 agrees; only now may the command's end name it. */
export async function completeResult(
  { store, blobs, clock }: ServiceContext,
  action: MachineAction,
  index: number,
  uploadId: string,
  whole: CompleteUpload,
): Promise<Result<null, DomainError>> {
  const resultId = resultIdOf(action.machineId, action.id, index, uploadId);
  const uploads = await store.read((tx) => tx.results.uploadsOf(action.id));
  if (!uploads.includes(resultId) && uploads.length >= MAX_UPLOADS_PER_COMMAND * action.commands.length) {
    return refuse({ code: "InvalidInput", detail: "this action has had more uploads than any honest device makes" });
  }
  const completed = await blobs.completeResult({ resultId, ...whole });
  if (completed.code !== "complete") return refuse(completed);
  await store.write((tx) =>
    tx.results.insertUpload({
      resultId,
      actionId: action.id,
      sizeBytes: whole.sizeBytes,
      sha256: whole.sha256,
      completedAtMs: clock.nowMs(),
    }),
  );
  return ok(null);
}
