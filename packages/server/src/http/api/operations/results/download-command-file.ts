import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { attachment } from "../../../../domain/results/content-disposition.ts";
import { followResult } from "../../../../service/downloads/follow-result.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { httpError, tooManyRequests } from "../../../edge/http-response.ts";
import { actionIdParameter, BYTES, uploadIndexParameter, waitParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { RESULTS } from "../../access-rules.ts";
import { readWait } from "../../action-wait.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

const RETRY_AFTER_S = 5;

/** A collected file, also while the device still sends it. */
export const downloadCommandFile = operation({
  name: "DownloadCommandFile",
  method: "GET",
  path: "/halligan/v1/actions/:id/commands/:index(\\d{1,3})/file",
  access: permitted(RESULTS),
  rateLimit: { sharedWith: "GetLiveResponseResultDownloadLink" },
  query: { wait: "value", from: "value", transfer: "value" },
  doc: {
    tag: "Live response",
    summary: "Download a collected file, also while it arrives",
    description:
      "The gzip of a GetFile. The response begins when the first part is stored and follows the parts. It ends after the SHA-256 of " +
      "the whole was verified; the connection is broken off when the rest will not come, so a response without an end is no whole file. " +
      "Compare the SHA-256 with the one that the results of the action state. With object storage the response begins when the file is complete. " +
      "To go on with a download that was cut, send the number of bytes in `from` and the `ETag` of the first response, without its " +
      "quotes, in `transfer`. Recorded as GetLiveResponseResultDownloadLink.",
    path: { id: actionIdParameter, index: uploadIndexParameter },
    query: {
      wait: { ...waitParameter, description: "How long to wait for the first byte: a whole number with `s` or `ms`." },
      from: {
        description: "Offset of the first byte that is wanted.",
        schema: Type.Integer({ minimum: 0 }),
        example: 0,
      },
      transfer: { description: "The transfer that the bytes before `from` belong to.", schema: Type.String() },
    },
    refusals: {
      400: "`BadRequest`: nothing has arrived yet; ask again. `InvalidInput`: a query option.",
      404: `${ACTION_NOT_FOUND} Or the command has no file, and will have none.`,
      409: "`TransferChanged`: the device sends the file again; download it from its start.",
      429: "`TooManyRequests`: all places for downloads or waiting requests, or all of this caller, are taken. `Retry-After` says when to try again.",
    },
  },
  responses: { 200: bytes("The file as gzip.", { "application/gzip": { schema: BYTES } }) },
  body: noBody,
  async handler({ caller, isStillAdmitted, params, options, signal: gone }, context) {
    const wait = readWait(options.get("wait"), context.maxActionWaitMs);
    if (wait.kind === "error") return wait;
    const from = options.get("from") ?? "0";
    const transferId = options.get("transfer") ?? null;
    if (!/^\d{1,15}$/.test(from)) return httpError(400, "InvalidInput", "from must be a number of bytes");
    if (Number(from) > 0 && transferId === null) {
      return httpError(400, "InvalidInput", "from needs transfer: the ETag of the response that was cut");
    }
    using held = new DisposableStack();
    const account = accountOf(caller);
    const slot = context.downloads.enter(account, gone);
    if (slot === null)
      return tooManyRequests(RETRY_AFTER_S, "all places for downloads, or all of this caller, are taken");
    held.use(slot);
    using waiting = wait.waitMs === null ? null : context.waitingRequests.enter(account, gone);
    if (wait.waitMs !== null && waiting === null) {
      return tooManyRequests(RETRY_AFTER_S, "all waiting requests, or all of this caller, are taken");
    }
    const request = {
      actionId: params.id,
      index: Number(params.index),
      fromBytes: Number(from),
      transferId,
      waitMs: wait.waitMs ?? 0,
      rereadIntervalMs: context.rereadIntervalMs,
      isStillAdmitted,
    };
    const found = await followResult(context, caller, request, waiting?.signal ?? gone);
    if (!found.ok) return domainRefusal(found.error);
    const { transferId: transfer, fileName, contentType, lengthBytes, content, watch } = found.value;
    held.use(watch);
    // A file that is still arriving would use all of the time that a stop of the server gives.
    const ended = lengthBytes === null ? AbortSignal.any([watch.signal, slot.signal]) : watch.signal;
    held.defer(() => content.stream.destroy());
    return {
      kind: "bytes",
      status: 200 as const,
      lengthBytes,
      headers: {
        "content-type": contentType,
        "content-disposition": attachment(fileName),
        etag: `"${transfer}"`,
        // A proxy that collects the whole response would take the advantage away.
        "x-accel-buffering": "no",
      },
      open: async () => content,
      watch: () => ({ signal: ended, [Symbol.dispose]: () => watch[Symbol.dispose]() }),
      held: held.move(),
    };
  },
});
