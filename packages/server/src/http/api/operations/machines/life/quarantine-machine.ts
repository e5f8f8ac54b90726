import { MachineDetailsWire, QuarantineMachineRequest } from "@halligan/protocol/api";
import * as quarantine from "../../../../../service/machines/quarantine-by-hand.ts";
import { permitted } from "../../../../edge/access.ts";
import { jsonBody } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { sampleMachineDetails } from "../../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../../openapi/samples/parameters.ts";
import { BODY_REFUSED, MACHINE_NOT_FOUND } from "../../../../openapi/samples/refusals.ts";
import { IN_SCOPE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { changedMachine } from "../changed-machine.ts";

/** Answers when it is durable: nothing starts on the machine from then on. */
export const quarantineMachine = operation({
  name: "QuarantineMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/quarantine",
  // Defender's own permission to cut a device off, and the administrator's.
  access: permitted({
    application: ["Machine.Isolate", "Halligan.Admin"],
    delegated: ["Machine.Isolate", "Halligan.Admin"],
    ...IN_SCOPE,
  }),
  rateLimit: "none",
  doc: {
    tag: "Machines",
    summary: "Put a machine in quarantine",
    description:
      "For a device that is not trusted. Refuses its key, ends its open actions as Failed with this reason in their errors, and " +
      "closes its connection. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    bodyExample: { reason: "Under investigation" },
    refusals: { 400: BODY_REFUSED, 404: MACHINE_NOT_FOUND },
  },
  responses: {
    200: json("The machine.", MachineDetailsWire, {
      ...sampleMachineDetails,
      onboardingStatus: "InsufficientInfo",
      isConnected: false,
      state: "quarantined",
      quarantineReason: "Under investigation",
    }),
  },
  body: jsonBody(QuarantineMachineRequest),
  async handler({ caller, params, body }, context) {
    return changedMachine(
      context,
      await quarantine.quarantineByHand(context, caller, params.id.toLowerCase(), body.reason),
    );
  },
});
