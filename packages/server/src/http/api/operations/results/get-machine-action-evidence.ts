import { ActionEvidenceWire } from "@halligan/protocol/api";
import { getActionEvidence } from "../../../../service/results/get-action-evidence.ts";
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
  machineId: SAMPLE.machineId,
  value: [
    {
      index: 0,
      type: "RunScript",
      evidence: {
        payload: JSON.stringify({
          v: 1,
          machineId: SAMPLE.machineId,
          actionId: SAMPLE.actionId,
          orderSeq: 12,
          index: 0,
          outcome: "completed",
          errors: [],
          startId: "5f2c9a7e1b3d4c60a8e7f1029384a5b6",
          exitCode: 0,
          result: { kind: "inline", sizeBytes: 214, sha256: SAMPLE.scriptSha256 },
        }),
        signature: "EXAMPLE-signature-of-a-device".padEnd(86, "0"),
        publicKey: SAMPLE.publicKey,
      },
    },
    { index: 1, type: "GetFile", evidence: null },
  ],
} satisfies ActionEvidenceWire;

/**
 * What the device signed about the ends of the commands, so that a result can be verified without
 * the server.
 */
export const getMachineActionEvidence = operation({
  name: "GetMachineActionEvidence",
  method: "GET",
  path: "/halligan/v1/actions/:id/evidence",
  access: permitted(READ),
  rateLimit: "none",
  doc: {
    tag: "Machine actions",
    summary: "Get what the device signed about the ends of an action's commands",
    description:
      "`payload` is the text that the device's key signed: start, outcome, errors, exit code, and size and SHA-256 of the result's " +
      "bytes as a download gives them. The machine's id is computed from that key, so the evidence is verified without trust in this " +
      "server: `halligan action ID --verify` does so. `evidence` is null where the device did not sign, because its agent " +
      "is older or the server ended the command. It is kept as long as the action.",
    path: { id: actionIdParameter },
    refusals: {
      404: ACTION_NOT_FOUND,
    },
  },
  responses: { 200: json("The evidence so far, by command.", ActionEvidenceWire, SAMPLE_BODY, "ActionEvidence") },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getActionEvidence(context, caller, params.id);
    if (!found.ok) return domainRefusal(found.error);
    const { actionId, machineId, commands } = found.value;
    const value = commands.map(({ index, type, evidence }) => ({ index, type, evidence }));
    return ok({ actionId, machineId, value } satisfies ActionEvidenceWire);
  },
});
