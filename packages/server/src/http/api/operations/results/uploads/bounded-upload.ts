import type { LinkTicket } from "../../../../../auth/signatures/link-ticket.ts";
import type { ServiceContext } from "../../../../../service/context.ts";
import type { UploadBounds } from "../../../../../service/upload-bounds.ts";
import { type ErrorResponse, type HttpResponse, tooManyRequests } from "../../../../edge/http-response.ts";

/**
 * Refuses a machine that was refused too often, before the store is asked; counts the refusal of
 * `receive` when there is one.
 */
export async function boundedUpload<A extends HttpResponse>(
  { resultSpace: { uploads } }: Pick<ServiceContext, "resultSpace">,
  { machineId }: LinkTicket,
  receive: (uploads: UploadBounds) => Promise<A | ErrorResponse>,
): Promise<A | ErrorResponse> {
  const waitMs = uploads.waitMs(machineId);
  if (waitMs !== null) return tooManyRequests(waitMs / 1_000, "uploads of this machine were refused too often.");
  const response = await receive(uploads);
  if (response.kind === "error") uploads.countRefusal(machineId);
  return response;
}
