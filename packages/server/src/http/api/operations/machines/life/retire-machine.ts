import { MachineDetailsWire, RetireMachineRequest } from "@halligan/protocol/api";
import * as life from "../../../../../service/machines/retire-machine.ts";
import { permitted } from "../../../../edge/access.ts";
import { jsonBody } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { sampleMachineDetails } from "../../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../../openapi/samples/parameters.ts";
import { BODY_REFUSED, MACHINE_NOT_FOUND } from "../../../../openapi/samples/refusals.ts";
import { IN_SCOPE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { changedMachine } from "../changed-machine.ts";

const retirement = {
  retiredAt: "2026-11-21T12:30:00.5Z",
  retiredBy: "Administrator",
  retireReason: "Sold",
};

const gone = { onboardingStatus: "CanBeOnboarded", healthStatus: "Inactive", isConnected: false };

/** Answers when the retirement is durable: nothing starts on the machine from then on. */
export const retireMachine = operation({
  name: "RetireMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/retire",
  // Defender's own permission to take a device out of service, and the administrator's.
  access: permitted({
    application: ["Machine.Offboard", "Halligan.Admin"],
    delegated: ["Machine.Offboard", "Halligan.Admin"],
    ...IN_SCOPE,
  }),
  rateLimit: "none",
  doc: {
    tag: "Machines",
    summary: "Retire a machine",
    description:
      "Refuses its key from then on, ends its open actions as Failed with this reason in their errors, and closes its " +
      "connection. Its history stays. Repeating it changes nothing.",
    path: { id: machineIdParameter },
    bodyExample: { reason: retirement.retireReason },
    refusals: { 400: BODY_REFUSED, 404: MACHINE_NOT_FOUND },
  },
  responses: {
    200: json("The machine.", MachineDetailsWire, {
      ...sampleMachineDetails,
      ...gone,
      ...retirement,
      state: "retired",
    }),
  },
  body: jsonBody(RetireMachineRequest),
  async handler({ caller, params, body }, context) {
    return changedMachine(context, await life.retireMachine(context, caller, params.id.toLowerCase(), body.reason));
  },
});
