import { MachineActionWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { MACHINE_ACTIONS } from "../../../domain/odata/machine-action-fields.ts";
import { AlertCollection, MachineActionCollection } from "../components.ts";
import { odataParameters } from "../odata-parameters.ts";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";
import { actionIdParameter, machineIdParameter } from "./parameters.ts";
import { contextOf, sampleAction, sampleSucceededAction } from "./sample-entities.ts";

export const machineActionDocs = {
  ListMachineActions: {
    tag: "Machine actions",
    summary: "List machine actions",
    description: "Newest first unless `$orderby` says otherwise.",
    query: odataParameters(MACHINE_ACTIONS, {
      $filter: `machineId eq '${SAMPLE.machineId}' and status in ('Succeeded','Failed')`,
      $orderby: "creationDateTimeUtc desc",
    }),
    answers: {
      200: json("One page of them.", MachineActionCollection, {
        "@odata.context": contextOf("MachineActions"),
        "@odata.count": 1,
        value: [sampleSucceededAction],
      }),
    },
    refusals: { 400: "`ODataError`: a query option; the message says where." },
  },
  GetMachineAction: {
    tag: "Machine actions",
    summary: "Get a machine action",
    description:
      "`Pending` and `InProgress` go on; `Succeeded`, `Failed`, `TimeOut` and `Cancelled` are final and never change again.",
    path: { id: actionIdParameter },
    answers: {
      200: json("The action.", MachineActionWire, {
        "@odata.context": contextOf("MachineActions/$entity"),
        ...sampleSucceededAction,
      }),
    },
    refusals: {
      404: "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.",
    },
  },
  CancelMachineAction: {
    tag: "Machine actions",
    summary: "Cancel a machine action",
    description:
      "Final at once; the device is told to end what runs. A `Cancelled` or `Failed` action is answered as it is.",
    path: { id: actionIdParameter },
    bodyExample: { Comment: "Not needed any more" },
    answers: {
      200: json("The action, `Cancelled`.", MachineActionWire, {
        "@odata.context": contextOf("MachineActions/$entity"),
        ...sampleAction,
        status: "Cancelled",
        lastUpdateDateTimeUtc: "2026-11-21T12:01:00.4Z",
        cancellationRequestor: "Administrator",
        cancellationComment: "Not needed any more",
        cancellationDateTimeUtc: "2026-11-21T12:01:00.4Z",
      }),
    },
    refusals: {
      400: "`BadRequest`: the action has `Succeeded` or timed out. `InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      404: "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.",
    },
  },
  UnsupportedMachineAction: {
    tag: "Machine actions",
    summary: "A machine action of Defender that is not served here",
    description:
      "Live response is the only machine action. This one is there to be refused by name, so that a client can tell it from a wrong address.",
    path: { id: machineIdParameter },
    answers: {},
    refusals: {
      403: "`DisabledFeature`: always, for a machine that is there.",
      404: "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups.",
    },
  },
  ListAlerts: {
    tag: "Machine actions",
    summary: "List alerts: there are none",
    description: "Live response has no alerts. Clients ask for them to see whether the API answers.",
    query: {
      $count: { description: "Adds `@odata.count`, which is 0.", schema: Type.Boolean(), example: true },
      $top: { description: "Taken and not looked at, as every other option.", schema: Type.Integer(), example: 1 },
    },
    answers: {
      200: json("An empty list.", AlertCollection, {
        "@odata.context": contextOf("Alerts"),
        "@odata.count": 0,
        value: [],
      }),
    },
  },
} as const satisfies Record<string, OperationDoc>;
