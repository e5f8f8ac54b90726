import type { ActionEvidenceWire } from "@halligan/protocol/api";
import { getActionEvidence } from "../../../../service/results/get-action-evidence.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";

/** What the device signed about the ends of the commands, for whoever wants to verify a result without the server. */
export const getMachineActionEvidence = operation({
  name: "GetMachineActionEvidence",
  method: "GET",
  path: "/halligan/v1/actions/:id/evidence",
  access: permitted("GetMachineActionEvidence"),
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getActionEvidence(context, caller, params.id ?? "");
    if (!found.ok) return domainRefusal(found.error);
    const { actionId, machineId, commands } = found.value;
    const value = commands.map(({ index, type, evidence }) => ({ index, type, evidence }));
    return ok({ actionId, machineId, value } satisfies ActionEvidenceWire);
  },
});
