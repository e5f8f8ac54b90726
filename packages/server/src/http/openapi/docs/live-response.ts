import { MachineActionWire, ResultLinkWire, StagedContentWire, TranscriptWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../sample-values.ts";
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
  StartLiveResponse: {
    tag: "Live response",
    summary: "Run commands on a machine, with exactly these bytes",
    description:
      "As RunLiveResponse, with the same limits, and counted together with it. A `PutFile` or `RunScript` may say which bytes it means, " +
      "by one of: `sha256`, the library file of that name with that SHA-256; `staged`, content that this caller has uploaded with " +
      "StageContent; `content`, the text itself. With `staged` and `content` the name is only what the file is called, up to 255 bytes " +
      "without slashes and control characters, and the library is not touched; both need `Library.Manage` as well. " +
      "What an action uses is kept with it, as long as its results. `options.keepProcesses`: processes that a script leaves behind go on.",
    path: { id: machineIdParameter },
    bodyExample: {
      Commands: [
        {
          type: "RunScript",
          params: [{ key: "ScriptName", value: "triage of today.sh" }],
          content: SAMPLE_SCRIPT,
        },
      ],
      Comment: sampleAction.requestorComment,
    },
    answers: {
      201: json("The action, `Pending`.", MachineActionWire, {
        "@odata.context": contextOf("MachineActions/$entity"),
        ...sampleAction,
      }),
    },
    refusals: {
      400:
        "As RunLiveResponse. `InvalidRequestBody` also: more than one choice of bytes, or a name that cannot be a file's. " +
        "`InvalidInput`: the caller has too much staged.",
      403:
        "`Forbidden`: content that is not a library file needs `Library.Manage`. " +
        "`DisallowedOperation`: the machine is in quarantine, or its device group has no remediation level.",
      404:
        "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups; the library has no file of a " +
        "pinned name; this caller has not staged such content.",
      409: "`LibraryFileChanged`: the library file of that name has another SHA-256 now, which the message says.",
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  StageContent: {
    tag: "Live response",
    summary: "Upload bytes for actions",
    description:
      "The body is the content; it needs a Content-Length. Only actions of the caller who uploaded it may refer to it, by its SHA-256. " +
      "It expires when no action refers to it. Repeating it is fine and prolongs it.",
    path: {
      sha256: {
        description: "SHA-256 of the content: 64 hex digits, in any letter case.",
        schema: Type.String(),
        example: SAMPLE.scriptSha256,
      },
    },
    body: { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } },
    answers: {
      200: json("It is durable here.", StagedContentWire, {
        sha256: SAMPLE.scriptSha256,
        sizeBytes: SAMPLE_SCRIPT.length,
        expiresAt: "2026-11-24T12:00:00Z",
      }),
    },
    refusals: {
      400: "`InvalidInput`: other bytes arrived, or they are too many, or the caller has too much staged.",
      507: "`InsufficientStorage`: the server's disk is full.",
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
        value: `http://127.0.0.1:8780/halligan/v1/results/${SAMPLE.actionId}/0?se=${SAMPLE.linkExpiry}&by=${SAMPLE.clientId}&gen=${SAMPLE.linkGenerations}&sig=${SAMPLE.linkSignature}`,
      }),
    },
    refusals: {
      400: "`BadRequest`: the result is not ready yet; ask again.",
      404: "`ResourceNotFound`: there is no such action, or the command will never have a result.",
    },
  },
  RevokeResultLinks: {
    tag: "Live response",
    summary: "Revoke the links to an action's results",
    description: "For a link that leaked: all that were made are refused from then on. New ones are made as before.",
    path: { id: actionIdParameter },
    answers: { 204: { description: "They are revoked." } },
    refusals: { 404: "`ResourceNotFound`: there is no such action." },
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
      by: { description: "Who made the link.", schema: Type.String(), example: SAMPLE.clientId },
      gen: {
        description: "Under which revocations it was made.",
        schema: Type.String(),
        example: SAMPLE.linkGenerations,
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
