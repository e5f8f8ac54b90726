import { ActionResultsWire } from "@halligan/protocol/api";
import { getMachineAction } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { sampleResults } from "../../../openapi/samples/actions.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { actionResultsWire } from "../../present/action-results-wire.ts";

/** What the contract's entity has no place for: size, SHA-256 and, of a file that changed while it was read, how. */
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
      "collected: its size and modification time before and after, and how many of its bytes are in the result.",
    path: { id: actionIdParameter },
    refusals: {
      404: ACTION_NOT_FOUND,
    },
  },
  responses: { 200: json("The results so far, by command.", ActionResultsWire, sampleResults) },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getMachineAction(context, caller, params.id);
    return found.ok ? ok(actionResultsWire(found.value)) : domainRefusal(found.error);
  },
});
