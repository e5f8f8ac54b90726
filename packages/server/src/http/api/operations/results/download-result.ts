import { checkResultLink } from "../../../../auth/signatures/result-link.ts";
import type { ByteRange } from "../../../../blobs/blob-store.ts";
import { attachment } from "../../../../domain/results/content-disposition.ts";
import { DownloadWatch } from "../../../../service/results/download-watch.ts";
import { isLinkStillGood, openResult } from "../../../../service/results/open-result.ts";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytesBlob } from "../../../edge/response/bytes-blob.ts";
import { blobAnswer } from "../../../edge/response/send-stream.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { openTranscript } from "./open-transcript.ts";

/**
 * What a signed link gives: the transcript as JSON, or the gzip of a collected file. The link is
 * the access; a bearer token beside it is neither needed nor looked at.
 * `docs/contract/clients-in-the-wild.md#result-download`.
 */
export const downloadResult = operation({
  name: "DownloadResult",
  method: "GET",
  path: "/halligan/v1/results/:actionId/:index",
  access: anonymous,
  body: noBody,
  async handler({ params, query, headers }, context) {
    const { actionId = "", index = "" } = params;
    const [by, gen] = [query.get("by"), query.get("gen")];
    const link = { actionId, index, se: query.get("se") ?? "", sig: query.get("sig") ?? "", by, gen };
    const checked = checkResultLink(link, context.keys.resultLink.accepted, context.clock.nowMs());
    if (checked.kind !== "signed") {
      return domainRefusal({ code: checked.kind === "expired" ? "ResultLinkExpired" : "ResultLinkInvalid" });
    }
    const opened = await openResult(context, actionId, Number(index), checked.origin);
    if (!opened.ok) return domainRefusal(opened.error);
    const { content, fileName, contentType, sizeBytes, sha256, isTranscript } = opened.value;
    const openStored = async (range?: ByteRange) =>
      content.kind === "bytes"
        ? bytesBlob(content.bytes, range)
        : await context.blobs.openResult(content.resultId, range);
    return blobAnswer(
      { headers },
      {
        sizeBytes,
        sha256,
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
  },
});
