import {
  ActionEvidenceWire,
  ActionResultsWire,
  ActionTimingWire,
  MACHINE_ACTION_EVENTS,
  MachineActionWire,
} from "@halligan/protocol/api";
import { Type } from "typebox";
import { refusalReason } from "../../../domain/actions/transfer-refusal.ts";
import { MACHINE_ACTIONS } from "../../../odata/entities/machine-action-fields.ts";
import { eventText } from "../../edge/response/event-text.ts";
import { AlertCollection, MachineActionCollection } from "../components.ts";
import { odataParameters } from "../odata-parameters.ts";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";
import { actionIdParameter, machineIdParameter } from "./parameters.ts";
import {
  contextOf,
  sampleAction,
  sampleEvidence,
  sampleResults,
  sampleSucceededAction,
  sampleTiming,
} from "./sample-entities.ts";

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
  GetMachineActionTiming: {
    tag: "Machine actions",
    summary: "Get the timing of a machine action",
    description:
      "The moments of its way that are known, in their order: accepted, claimed for its device, sent to it, then each command started, ended " +
      "on the device and uploaded (all of its result is durable here), and final. The milliseconds between them add up to the whole.",
    path: { id: actionIdParameter },
    answers: { 200: json("The steps so far.", ActionTimingWire, sampleTiming) },
    refusals: {
      404: "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.",
    },
  },
  GetMachineActionResults: {
    tag: "Machine actions",
    summary: "Get what is known of the results of a machine action",
    description:
      "Name, size and SHA-256 of each result, also after its bytes were removed. `fileChange` says how a file changed while it was " +
      "collected: its size and modification time before and after, and how many of its bytes are in the result.",
    path: { id: actionIdParameter },
    answers: { 200: json("The results so far, by command.", ActionResultsWire, sampleResults) },
    refusals: {
      404: "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.",
    },
  },
  GetMachineActionEvidence: {
    tag: "Machine actions",
    summary: "Get what the device signed about the ends of an action's commands",
    description:
      "`payload` is the text that the device's key signed: start, outcome, errors, exit code, and size and SHA-256 of the result's " +
      "bytes as a download gives them. The machine's id is computed from that key, so the evidence is verified without trust in this " +
      "server: `halligan action ID --verify` does so. `evidence` is null where the device did not sign, because its agent " +
      "is older or the server ended the command. It is kept as long as the action.",
    path: { id: actionIdParameter },
    answers: { 200: json("The evidence so far, by command.", ActionEvidenceWire, sampleEvidence) },
    refusals: {
      404: "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.",
    },
  },
  WatchMachineAction: {
    tag: "Machine actions",
    summary: "Watch a machine action",
    description:
      "Server-sent events: the action as it is, then again after each change of it, and how far the files of its commands are. " +
      "The stream ends by itself after a final status. A comment comes every 15 seconds, so that a silent stream is a dead one. It also " +
      "ends when the token runs out and when the server stops: whoever comes again gets the present state, with or without " +
      "`Last-Event-ID`. A node has so many streams and no more (`HALLIGAN_MAX_EVENT_STREAMS`); beyond, ask for the action instead.",
    path: { id: actionIdParameter },
    answers: {
      200: {
        description: "The events.",
        content: {
          "text/event-stream": {
            schema: Type.String({
              description:
                "`x-events` has the schema of the `data` of each event, which is JSON on one line, by its name.",
              "x-events": MACHINE_ACTION_EVENTS,
            }),
            example: [
              eventText({ event: "transfer", data: { index: 1, transferredBytes: 8_388_608 } }),
              eventText({
                event: "waiting",
                data: {
                  index: 1,
                  reason: "InsufficientStorage",
                  since: "2026-11-21T12:00:02.5Z",
                  detail: refusalReason("InsufficientStorage"),
                },
              }),
              eventText({ event: "action", data: sampleSucceededAction }),
            ].join(""),
          },
        },
      },
    },
    refusals: {
      404: "`ResourceNotFound`: there is no such action, or its machine is in none of the user's device groups.",
      429: "`TooManyRequests`: all streams of this node are taken. `Retry-After` says when to try again.",
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
      $top: {
        description: "Taken, as the other options of a list and `$expand`; the list is empty whatever they say.",
        schema: Type.Integer(),
        example: 1,
      },
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
