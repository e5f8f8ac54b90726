import type { LinkTicket } from "../../../../auth/signatures/link-ticket.ts";
import type { ServiceContext } from "../../../../service/context.ts";
import type { UploadBounds } from "../../../../service/upload-bounds.ts";
import { type Answer, type ErrorAnswer, tooManyRequests } from "../../../edge/answer.ts";

/**
 * Refuses a machine that was refused too often, before the store is asked; counts the refusal of
 * `receive` when there is one.
 */
export async function boundedUpload<A extends Answer>(
  { resultSpace: { uploads } }: Pick<ServiceContext, "resultSpace">,
  { machineId }: LinkTicket,
  receive: (uploads: UploadBounds) => Promise<A | ErrorAnswer>,
): Promise<A | ErrorAnswer> {
  const waitMs = uploads.waitMs(machineId);
  if (waitMs !== null) return tooManyRequests(waitMs / 1_000, "uploads of this machine were refused too often.");
  const answer = await receive(uploads);
  if (answer.kind === "error") uploads.countRefusal(machineId);
  return answer;
}
