import { TranscriptWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { checkDownloadUrl } from "../../../../auth/signatures/download-url.ts";
import type { ByteRange } from "../../../../blobs/blob-store.ts";
import { attachment } from "../../../../domain/results/content-disposition.ts";
import { DownloadWatch } from "../../../../service/results/download-watch.ts";
import { isLinkStillGood, openResult } from "../../../../service/results/open-result.ts";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { tooManyRequests } from "../../../edge/http-response.ts";
import { bytesBlob } from "../../../edge/response/bytes-blob.ts";
import { blobResponse } from "../../../edge/response/send-stream.ts";
import {
  actionIdParameter,
  BYTES,
  commandIndexParameter,
  partialResponse,
  rangeParameter,
} from "../../../openapi/samples/parameters.ts";
import { RANGE_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { openTranscript } from "./open-transcript.ts";

/** A slot is free when another download ends: within seconds if its client reads. */
const RETRY_AFTER_S = 5;

/**
 * What a signed link gives: the transcript as JSON, or the gzip of a collected file. The link is
 * the access; a bearer token with it is neither needed nor looked at.
 * `docs/contract/clients-in-the-wild.md#result-download`.
 */
export const downloadResult = operation({
  name: "DownloadResult",
  method: "GET",
  path: "/halligan/v1/results/:actionId/:index",
  access: anonymous,
  rateLimit: "none",
  doc: {
    tag: "Live response",
    summary: "Download what a command brought",
    description:
      "Where the links of GetLiveResponseResultDownloadLink lead. Take the whole link from there; it needs no token. " +
      "A script's transcript comes as JSON, a collected file as gzip.",
    path: { actionId: actionIdParameter, index: commandIndexParameter },
    query: {
      se: {
        description: "When the link expires, in Unix seconds.",
        schema: Type.String(),
        example: SAMPLE.linkExpiry,
        required: true,
      },
      by: { description: "Who made the link.", schema: Type.String(), example: SAMPLE.clientId },
      gen: {
        description: "Under which revocations it was made.",
        schema: Type.String(),
        example: SAMPLE.linkGenerations,
      },
      sig: { description: "Its signature.", schema: Type.String(), example: SAMPLE.linkSignature, required: true },
    },
    headers: { Range: rangeParameter },
    refusals: {
      403: "`Forbidden`: the link is not valid, or has expired.",
      404: "`ResourceNotFound`: the result is gone.",
      416: RANGE_REFUSED,
      429: "`TooManyRequests`: all places for downloads, or all of the account that made the link, are taken. `Retry-After` says when to try again.",
    },
  },
  responses: {
    200: bytes("The result.", {
      "application/json": {
        schema: TranscriptWire,
        example: {
          script_name: SAMPLE.fileName,
          exit_code: 0,
          script_output: "hello from build-07\n",
          script_errors: "",
        },
      },
      "application/gzip": { schema: BYTES },
    }),
    206: partialResponse,
  },
  body: noBody,
  async handler({ params, query, headers, signal: gone }, context) {
    const { actionId, index } = params;
    const [by, gen] = [query.get("by"), query.get("gen")];
    const link = { actionId, index, se: query.get("se") ?? "", sig: query.get("sig") ?? "", by, gen };
    const checked = checkDownloadUrl(link, context.keys.resultLink.accepted, context.clock.nowMs());
    if (checked.kind !== "signed") {
      return domainRefusal({ code: checked.kind === "expired" ? "ResultLinkExpired" : "ResultLinkInvalid" });
    }
    const opened = await openResult(context, actionId, Number(index), checked.origin);
    if (!opened.ok) return domainRefusal(opened.error);
    const { accountId, content, fileName, contentType, sizeBytes, sha256, isTranscript } = opened.value;
    using held = new DisposableStack();
    const slot = context.downloads.enter(accountId, gone);
    if (slot === null) {
      return tooManyRequests(
        RETRY_AFTER_S,
        "all places for downloads, or all of the account that made this link, are taken",
      );
    }
    held.use(slot);
    const openStored = async (range?: ByteRange) =>
      content.kind === "bytes"
        ? bytesBlob(content.bytes, range)
        : await context.blobs.openResult({ resultId: content.resultId, sha256 }, range);
    const response = blobResponse(
      { headers },
      {
        sizeBytes,
        version: sha256,
        contentType,
        disposition: attachment(fileName),
        // What is in the row itself is sent at once.
        ...(content.kind === "blob" && {
          watch: () =>
            new DownloadWatch(context, actionId, context.rereadIntervalMs, () =>
              isLinkStillGood(context, actionId, checked.origin),
            ),
        }),
        open: isTranscript ? (range) => openTranscript(openStored, range) : openStored,
      },
    );
    return response.kind === "bytes" ? { ...response, held: held.move() } : response;
  },
});
