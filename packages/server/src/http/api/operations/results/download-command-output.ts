import { Readable } from "node:stream";
import type { OutputStream } from "@halligan/protocol/link";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { attachment } from "../../../../domain/results/content-disposition.ts";
import { openCommandOutput } from "../../../../service/actions/output/open-command-output.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { tooManyRequests } from "../../../edge/http-response.ts";
import { blobResponse } from "../../../edge/response/send-stream.ts";
import {
  actionIdParameter,
  BYTES,
  commandIndexParameter,
  partialResponse,
  rangeParameter,
} from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND, RANGE_REFUSED } from "../../../openapi/samples/refusals.ts";
import { RESULTS } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

const RETRY_AFTER_S = 5;

/** What a script wrote to one of its streams, byte for byte. */
export const downloadCommandOutput = operation({
  name: "DownloadCommandOutput",
  method: "GET",
  path: "/halligan/v1/actions/:id/commands/:index(\\d{1,9})/output/:stream(stdout|stderr)",
  access: permitted(RESULTS),
  rateLimit: { sharedWith: "GetLiveResponseResultDownloadLink" },
  doc: {
    tag: "Live response",
    summary: "Download what a script wrote, byte for byte",
    description:
      "The bytes that a RunScript wrote to one of its streams and that its device kept, without the notes that the agent puts " +
      "after them in the transcript. The results of the action say how many there are, and how many the script wrote in all. On a device " +
      "whose disk was full, a note of the agent stands where bytes are missing. They are there when the command has ended, and as long " +
      "as its transcript. The beginning of a range is found by reading what comes before it. Recorded as GetLiveResponseResultDownloadLink.",
    path: {
      id: actionIdParameter,
      index: commandIndexParameter,
      stream: {
        description: "The stream.",
        schema: Type.Union([Type.Literal("stdout"), Type.Literal("stderr")]),
        example: "stdout",
      },
    },
    headers: { Range: rangeParameter },
    refusals: {
      400: "`BadRequest`: the command has not ended; ask again.",
      404:
        `${ACTION_NOT_FOUND} Or the command has no output, and will have none. ` +
        "`OutputNotAvailable`: the agent of the machine was older when the command ended.",
      416: RANGE_REFUSED,
      429: "`TooManyRequests`: all places for downloads or to read output, or all of this caller, are taken. `Retry-After` says when to try again.",
    },
  },
  responses: {
    200: bytes("The bytes.", { "application/octet-stream": { schema: BYTES } }),
    206: partialResponse,
  },
  body: noBody,
  async handler({ caller, isStillAdmitted, params, headers, signal: gone }, context) {
    const stream: OutputStream = params.stream === "stderr" ? "stderr" : "stdout";
    using held = new DisposableStack();
    const slot = context.downloads.enter(accountOf(caller), gone);
    if (slot === null)
      return tooManyRequests(RETRY_AFTER_S, "all places for downloads, or all of this caller, are taken");
    held.use(slot);
    const reading = context.outputReads.enter(accountOf(caller), gone);
    if (reading === null)
      return tooManyRequests(RETRY_AFTER_S, "all places to read output, or all of this caller, are taken");
    held.use(reading);
    const { rereadIntervalMs } = context;
    const request = { actionId: params.id, index: Number(params.index), stream, rereadIntervalMs, isStillAdmitted };
    const found = await openCommandOutput(context, caller, request);
    if (!found.ok) return domainRefusal(found.error);
    const { fileName, sizeBytes, version, open, watch } = found.value;
    const response = blobResponse(
      { headers },
      {
        sizeBytes,
        version,
        contentType: "application/octet-stream",
        disposition: attachment(fileName),
        open: async (range) => {
          const closed = new AbortController();
          // A stream that is destroyed while its generator skips to the range closes only after the
          // skip. So the client's disconnection ends the read as well.
          const unwanted = AbortSignal.any([gone, closed.signal]);
          const bytes = Readable.from(open(unwanted, range), { objectMode: false });
          return { sizeBytes, stream: bytes.once("close", () => closed.abort()) };
        },
        watch,
      },
    );
    return response.kind === "bytes" ? { ...response, held: held.move() } : response;
  },
});
