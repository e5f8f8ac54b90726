import * as life from "../../../../../service/machines/retire-machine.ts";
import { permitted } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { machineDetailsResponse } from "../../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../../openapi/samples/refusals.ts";
import { ADMIN_IN_SCOPE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { changedMachine } from "../changed-machine.ts";

export const reinstateMachine = operation({
  name: "ReinstateMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/reinstate",
  access: permitted(ADMIN_IN_SCOPE),
  rateLimit: "none",
  doc: {
    tag: "Machines",
    summary: "Reinstate a retired machine",
    description:
      "Accepts its key again; its agent, where it still runs, connects within a minute. What the retirement ended stays " +
      "ended. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    refusals: { 404: MACHINE_NOT_FOUND },
  },
  responses: { 200: machineDetailsResponse },
  body: noBody,
  async handler({ caller, params }, context) {
    return changedMachine(context, await life.reinstateMachine(context, caller, params.id.toLowerCase()));
  },
});
