import { MachineDetailsWire, RenameMachineRequest } from "@halligan/protocol/api";
import { renameMachine as rename } from "../../../../service/machines/rename-machine.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { sampleMachineDetails } from "../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { BODY_REFUSED, MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { WRITE } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { changedMachine } from "./changed-machine.ts";

export const renameMachine = operation({
  name: "RenameMachine",
  method: "PUT",
  path: "/halligan/v1/machines/:id/name",
  access: permitted(WRITE),
  rateLimit: "standard",
  doc: {
    tag: "Machines",
    summary: "Rename a machine",
    description:
      "From then on `computerDnsName` is this name: in entities, filters, look-ups and new actions. " +
      "With `null` it is the device's own name again.",
    path: { id: machineIdParameter },
    bodyExample: { name: "build-07-west" },
    refusals: { 400: BODY_REFUSED, 404: MACHINE_NOT_FOUND },
  },
  responses: {
    200: json("The machine.", MachineDetailsWire, {
      ...sampleMachineDetails,
      computerDnsName: "build-07-west",
      displayName: "build-07-west",
    }),
  },
  body: jsonBody(RenameMachineRequest),
  async handler({ caller, params, body }, context) {
    return changedMachine(context, await rename(context, caller, params.id.toLowerCase(), body.name));
  },
});
