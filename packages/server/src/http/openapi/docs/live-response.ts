import { MachineActionWire, ResultLinkWire, TranscriptWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";
import {
  actionIdParameter,
  BYTES,
  commandIndexParameter,
  machineIdParameter,
  partialAnswer,
  RANGE_REFUSED,
  rangeParameter,
} from "./parameters.ts";
import { contextOf, sampleAction, sampleCommands } from "./sample-entities.ts";

export const liveResponseDocs = {
  RunLiveResponse: {
    tag: "Live response",
    summary: "Run commands on a machine",
    description:
      "Runs a sequence of commands on the device, one after another; a failed one ends the sequence. First every `PutFile`, then every " +
      "`RunScript`, then every `GetFile`, each as often as wanted. `PutFile` takes `FileName`, `RunScript` takes `ScriptName` and may take " +
      "`Args`, `GetFile` takes `Path`. The answer does not wait for the device: ask for the action until its status is final.",
    path: { id: machineIdParameter },
    bodyExample: { Commands: sampleCommands, Comment: sampleAction.requestorComment },
    answers: {
      201: json("The action, `Pending`.", MachineActionWire, {
        "@odata.context": contextOf("MachineActions/$entity"),
        ...sampleAction,
      }),
    },
    refusals: {
      400:
        "`ActiveRequestAlreadyExists`: an action is unfinished on this machine, its id ends the message. `InvalidRequestBody`, " +
        "`MissingRequiredParameter`: the body. `OsPlatformNotSupported`, `ClientVersionNotSupported`: the device.",
      403: "`DisallowedOperation`: the machine is in quarantine, or its device group has no remediation level.",
      404: "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups.",
    },
  },
  GetLiveResponseResultDownloadLink: {
    tag: "Live response",
    summary: "Get a link to what a command brought",
    description:
      "The link carries its own access and is good for 30 minutes. Only `RunScript` and `GetFile` have a result.",
    path: { id: actionIdParameter, index: commandIndexParameter },
    answers: {
      200: json("The link, in `value`.", ResultLinkWire, {
        "@odata.context": contextOf("Edm.String"),
        value: `http://127.0.0.1:8780/halligan/v1/results/${SAMPLE.actionId}/0?se=${SAMPLE.linkExpiry}&sig=${SAMPLE.linkSignature}`,
      }),
    },
    refusals: {
      400: "`BadRequest`: the result is not ready yet; ask again.",
      404: "`ResourceNotFound`: there is no such action, or the command will never have a result.",
    },
  },
  DownloadResult: {
    tag: "Live response",
    summary: "Download what a command brought",
    description:
      "Where the links of GetLiveResponseResultDownloadLink lead. Take the whole link from there; it needs no token. " +
      "A script's transcript comes as JSON, a collected file as gzip.",
    path: { actionId: actionIdParameter, index: commandIndexParameter },
    query: {
      se: {
        description: "When the link expires, in Unix seconds.",
        schema: Type.String(),
        example: SAMPLE.linkExpiry,
        required: true,
      },
      sig: { description: "Its signature.", schema: Type.String(), example: SAMPLE.linkSignature, required: true },
    },
    headers: { Range: rangeParameter },
    answers: {
      200: {
        description: "The result.",
        content: {
          "application/json": {
            schema: TranscriptWire,
            example: {
              script_name: SAMPLE.fileName,
              exit_code: 0,
              script_output: "hello from build-07\n",
              script_errors: "",
            },
          },
          "application/gzip": { schema: BYTES },
        },
      },
      206: partialAnswer,
    },
    refusals: {
      403: "`Forbidden`: the link is not valid, or has expired.",
      404: "`ResourceNotFound`: the result is gone.",
      416: RANGE_REFUSED,
    },
  },
} as const satisfies Record<string, OperationDoc>;
