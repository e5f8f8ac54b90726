import { Sha256 } from "@halligan/protocol/link";
import { DownloadWatch } from "../../../../service/results/download-watch.ts";
import { actionForTransfer, isTransferAllowed } from "../../../../service/results/receive-result.ts";
import { ticket } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { blobResponse } from "../../../edge/response/send-stream.ts";
import { actionIdParameter, BYTES, partialResponse, rangeParameter } from "../../../openapi/samples/parameters.ts";
import { ORDER_GONE, RANGE_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/**
 * A device fetches the content that one of its open orders names, of the library or of the action
 * itself; nothing else.
 */
export const getOrderFile = operation({
  name: "GetOrderFile",
  method: "GET",
  path: "/agent/v1/actions/:actionId/files/:sha256",
  access: ticket,
  rateLimit: "none",
  doc: {
    tag: "Agents",
    summary: "Fetch a file that an order names",
    path: {
      actionId: actionIdParameter,
      sha256: { description: "Its SHA-256 in hex, as the order has it.", schema: Sha256, example: SAMPLE.scriptSha256 },
    },
    headers: { Range: rangeParameter },
    refusals: {
      404: "`ResourceNotFound`: the order names no such file.",
      410: ORDER_GONE,
      416: RANGE_REFUSED,
      429: "`TooManyRequests`: the machine sends too many requests. `Retry-After` says how long to wait.",
    },
  },
  responses: {
    200: bytes("Its bytes.", { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } }),
    206: partialResponse,
  },
  body: noBody,
  async handler({ ticket: of, params, headers }, context) {
    const { actionId, sha256 } = params;
    const action = await actionForTransfer(context, of, actionId);
    if (!action.ok) return domainRefusal(action.error);
    const { commands } = action.value;
    const asks = (isEnded: boolean) =>
      commands.findIndex(({ pin, endedAtMs }) => pin?.sha256 === sha256 && (endedAtMs !== null) === isEnded);
    // Commands run in their order, so the first of them that has not ended is the one that wants
    // it.
    const index = asks(false) === -1 ? asks(true) : asks(false);
    const pin = commands[index]?.pin;
    if (!pin) return domainRefusal({ code: "LibraryFileNotFound", fileName: sha256.slice(0, 64) });
    return blobResponse(
      { headers },
      {
        sizeBytes: pin.sizeBytes,
        version: sha256,
        contentType: "application/octet-stream",
        open: (range) =>
          pin.contentId === undefined
            ? context.blobs.openLibrary(sha256, range)
            : context.blobs.openResult({ resultId: pin.contentId, sha256 }, range),
        watch: () =>
          new DownloadWatch(context, actionId, context.rereadIntervalMs, () =>
            isTransferAllowed(context, of, actionId),
          ),
        onSent: (transferredBytes) => context.bus.transferProgress({ actionId, index, transferredBytes }),
      },
    );
  },
});
