import { ActionResultsWire, type OutputSummaryWire } from "@halligan/protocol/api";
import type { OutputCounts, StreamCounts } from "@halligan/protocol/link";
import type { MachineAction } from "../../../../domain/actions/machine-action.ts";
import { getMachineAction } from "../../../../service/actions/get-machine-action.ts";
import { downloadOf } from "../../../../service/results/create-download-url.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

const SAMPLE_BODY = {
  actionId: SAMPLE.actionId,
  value: [
    {
      index: 0,
      type: "RunScript",
      fileName: `output_${SAMPLE.actionId}_0.json`,
      sizeBytes: 214,
      sha256: SAMPLE.scriptSha256,
      isAvailable: true,
      fileChange: null,
      output: {
        stdout: { sizeBytes: 112, writtenBytes: 112, keptBytes: 112, truncated: false },
        stderr: { sizeBytes: 0, writtenBytes: 0, keptBytes: 0, truncated: false },
      },
    },
    {
      index: 1,
      type: "GetFile",
      fileName: "hosts.gz",
      sizeBytes: 190,
      sha256: SAMPLE.scriptSha256,
      isAvailable: true,
      fileChange: {
        kinds: ["grew"],
        collectedBytes: 174,
        before: { sizeBytes: 174, modifiedAt: "2026-11-20T09:14:03.120000000Z" },
        after: { sizeBytes: 201, modifiedAt: "2026-11-21T12:00:02.512345678Z" },
      },
    },
  ],
} satisfies ActionResultsWire;

/**
 * What the contract's entity has no place for: size, SHA-256 and, of a file that changed while it
 * was read, how.
 */
export const getMachineActionResults = operation({
  name: "GetMachineActionResults",
  method: "GET",
  path: "/halligan/v1/actions/:id/results",
  access: permitted(READ),
  rateLimit: "none",
  doc: {
    tag: "Machine actions",
    summary: "Get what is known of the results of a machine action",
    description:
      "Name, size and SHA-256 of each result, also after its bytes were removed. `fileChange` says how a file changed while it was " +
      "collected: its size and modification time before and after, and how many of its bytes are in the result. `archive`: the result is " +
      "a `.tar.gz` of a folder or pattern, with `files/` and `manifest/`. `output`: how many bytes a script wrote to each stream, and how many " +
      "of them are kept; DownloadCommandOutput has the bytes. It is absent when the agent is older.",
    path: { id: actionIdParameter },
    refusals: {
      404: ACTION_NOT_FOUND,
    },
  },
  responses: { 200: json("The results so far, by command.", ActionResultsWire, SAMPLE_BODY, "ActionResults") },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getMachineAction(context, caller, params.id);
    return found.ok ? ok(actionResultsWire(found.value)) : domainRefusal(found.error);
  },
});

function actionResultsWire(action: MachineAction): ActionResultsWire {
  const value = action.commands.flatMap(({ type, result, archive }, index) => {
    if (result === null || type === "PutFile") return [];
    const { kind, sizeBytes, sha256 } = result;
    const fileChange = result.kind === "inline" ? null : (result.fileChange ?? null);
    const { fileName } = downloadOf(action, index);
    const output = result.output && { output: outputSummary(result.output) };
    const isAvailable = kind !== "expired";
    return [
      { index, type, fileName, sizeBytes, sha256, isAvailable, fileChange, ...(archive && { archive }), ...output },
    ];
  });
  return { actionId: action.id, value };
}

const outputSummary = ({ stdout, stderr }: OutputCounts): OutputSummaryWire => ({
  stdout: streamSummary(stdout),
  stderr: streamSummary(stderr),
});

function streamSummary({ bytes, writtenBytes = bytes, keptBytes = bytes }: StreamCounts): OutputSummaryWire["stdout"] {
  return { sizeBytes: bytes, writtenBytes, keptBytes, truncated: keptBytes < writtenBytes };
}
