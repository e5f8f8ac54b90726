import { MachineActionWire, StartLiveResponseRequest } from "@halligan/protocol/api";
import { startLiveResponse as start } from "../../../../service/actions/start-live-response.ts";
import { permitted } from "../../../edge/access.ts";
import { created } from "../../../edge/answer.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { sampleAction } from "../../../openapi/samples/actions.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { contextOf, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { START } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * As `RunLiveResponse`, for callers who say which bytes they mean. The answer is the contract's.
 */
export const startLiveResponse = operation({
  name: "StartLiveResponse",
  method: "POST",
  path: "/halligan/v1/machines/:id/actions",
  // For content that is not of the library the use case asks for Library.Manage as well.
  access: permitted(START),
  rateLimit: "start",
  doc: {
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
  responses: {
    201: json("The action, `Pending`.", MachineActionWire, {
      "@odata.context": contextOf("MachineActions/$entity"),
      ...sampleAction,
    }),
  },
  body: jsonBody(StartLiveResponseRequest),
  async handler({ caller, params, body, signal }, context) {
    const accepted = await start(context, caller, params.id.toLowerCase(), body, signal);
    if (!accepted.ok) return domainRefusal(accepted.error);
    return created({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(accepted.value),
    });
  },
});
