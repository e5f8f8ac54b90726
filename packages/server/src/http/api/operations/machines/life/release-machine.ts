import * as quarantine from "../../../../../service/machines/quarantine-by-hand.ts";
import { permitted } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { machineDetailsResponse } from "../../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../../openapi/samples/refusals.ts";
import { ADMIN_IN_SCOPE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { changedMachine } from "../changed-machine.ts";

export const releaseMachine = operation({
  name: "ReleaseMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/release",
  access: permitted(ADMIN_IN_SCOPE),
  rateLimit: "none",
  doc: {
    tag: "Machines",
    summary: "End the quarantine of a machine",
    description:
      "Its device may connect again. Of two devices with one key the first to connect is the machine from then on. What the " +
      "quarantine ended stays ended. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    refusals: { 404: MACHINE_NOT_FOUND },
  },
  responses: { 200: machineDetailsResponse },
  body: noBody,
  async handler({ caller, params }, context) {
    return changedMachine(context, await quarantine.releaseMachine(context, caller, params.id.toLowerCase()));
  },
});
