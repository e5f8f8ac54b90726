import { ActionWithResultsWire, StartLiveResponseRequest } from "@halligan/protocol/api";
import { accountOf } from "../../../../auth/caller.ts";
import { startLiveResponse as start } from "../../../../service/actions/start/start-live-response.ts";
import { permissionRefusal, permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { created } from "../../../edge/http-response.ts";
import { sampleAction } from "../../../openapi/samples/actions.ts";
import { machineIdParameter, waitParameter } from "../../../openapi/samples/parameters.ts";
import { contextOf, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { READ, START } from "../../access-rules.ts";
import { actionAtEnd, actionEntity, actionLocation, readWait } from "../../action-wait.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { IDEMPOTENCY_REFUSALS, idempotencyKeyHeader, readIdempotencyKey } from "../../idempotency-key.ts";

const OPTIONS_TEXT =
  "`options`, each with a maximum that is a setting: `scriptTimeoutMs`, after which a script is ended; `outputLimitBytes` of its stdout, " +
  "and of its stderr; `queueTimeoutMs`, after which the action is `TimeOut` if it has not started; `notBefore`, a time before which it does not start, at most `HALLIGAN_MAX_NOT_BEFORE_MS` " +
  "from now (until then it holds no session and the machine takes other actions, and `queueTimeoutMs` counts from it); `keepProcesses`: processes that a " +
  "script leaves behind go on; `runAs`, a user of the device as whom the scripts run, with its groups and environment (Linux, name and no number). ";

const SECRETS_TEXT =
  "`secretEnv`: environment variables of the scripts, each encrypted to the key that GetMachineSecretKey returns; the server has only " +
  "their names in the clear, and shows them as `secretNames`. At most 32, of 16 KiB each and 32 KiB together. A repeated start with " +
  "`Idempotency-Key` sends the same ciphertext. ";

/**
 * As `RunLiveResponse`, for callers who say which bytes they mean, and who may wait for the end.
 * Without `wait` the response is the contract's.
 */
export const startLiveResponse = operation({
  name: "StartLiveResponse",
  method: "POST",
  path: "/halligan/v1/machines/:id/actions",
  // For content that is not of the library the use case asks for Library.Manage as well.
  access: permitted(START),
  rateLimit: "start",
  query: { wait: "value" },
  doc: {
    tag: "Live response",
    summary: "Run commands on a machine, with exactly these bytes",
    description:
      "As RunLiveResponse, with the same limits, and counted together with it. A `PutFile` or `RunScript` may say which bytes it means, " +
      "by one of: `sha256`, the library file of that name with that SHA-256; `staged`, content that this caller has uploaded with " +
      "StageContent; `content`, the text itself. With `staged` and `content` the name is only what the file is called, up to 255 bytes " +
      "without slashes and control characters, and the library is not touched; both need `Library.Manage` as well. " +
      "A `RunScript` with one of the three may leave `ScriptName` out: with `sha256` a library file that has it runs, otherwise " +
      "`interpreter` says what runs the content (default `shell`; a `#!` line comes first). " +
      "A `GetFile` with `archive` collects the files of a folder, or what a pattern matches, as one `.tar.gz` with a manifest; it may " +
      "have `PathBase64` in place of `Path`, for a path that is not UTF-8. " +
      "What an action uses is kept with it, as long as its results, and GetCommandScript returns it. " +
      OPTIONS_TEXT +
      SECRETS_TEXT +
      "With `wait` the response comes when the action is final, or when the wait is over, and has the small transcripts in `results`; " +
      "its head, with `Location`, comes when the action is accepted. " +
      "A wait is over before its time when the server stops, and at once when too many requests wait: `status` says whether the action " +
      "is final, and GET of `Location` waits on. It needs a permission that reads actions as well.",
    path: { id: machineIdParameter },
    headers: idempotencyKeyHeader,
    query: { wait: waitParameter },
    bodyExample: {
      Commands: [
        {
          type: "RunScript",
          params: [{ key: "Args", value: "--since yesterday" }],
          content: SAMPLE_SCRIPT,
          interpreter: "shell",
        },
        {
          type: "GetFile",
          params: [{ key: "Path", value: "/var/log/*.log" }],
          archive: { kind: "pattern", maxFiles: 1_000 },
        },
      ],
      Comment: sampleAction.requestorComment,
    },
    refusals: {
      400:
        "As RunLiveResponse. `InvalidRequestBody` also: more than one choice of bytes, a name that cannot be a file's, an option " +
        "or a limit of an archive that does not exist or is above its maximum, which the message has. " +
        "`RunAsNotSupported`: the machine cannot run scripts as another user, and the message says why. " +
        "`InvalidInput`: the caller has too much staged, `wait` is no duration, or `Idempotency-Key` is empty, too long, or has other characters than visible ASCII.",
      403:
        "`Forbidden`: content that is not a library file needs `Library.Manage`, and `wait` a permission that reads actions. " +
        "`DisallowedOperation`: the machine is in quarantine, its device group has no remediation level, or `HALLIGAN_RUN_AS_USERS` does not allow the user of `runAs`.",
      404:
        "`ResourceNotFound`: there is no such machine, or it is in none of the user's device groups; the library has no file of a " +
        "pinned name, or none with a pinned SHA-256; this caller has not staged such content.",
      409:
        "`LibraryFileChanged`: the library file of that name has another SHA-256 now, which the message says. " +
        "`SecretsNotSupported`: the machine's agent takes no secrets. `SecretKeyChanged`: they are encrypted to another key than its present one.",
      ...IDEMPOTENCY_REFUSALS,
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  responses: {
    201: json(
      "The action: `Pending`, or with `wait` as it is at its end. `Location` is its address.",
      ActionWithResultsWire,
      {
        "@odata.context": contextOf("MachineActions/$entity"),
        ...sampleAction,
      },
    ),
  },
  body: jsonBody(StartLiveResponseRequest),
  async handler({ caller, isStillAdmitted, params, body, headers: given, options, signal }, context) {
    const wait = readWait(options.get("wait"), context.maxActionWaitMs);
    if (wait.kind === "error") return wait;
    // A caller who may start but not read actions learns nothing of how they end.
    const refused = wait.waitMs === null ? null : permissionRefusal(READ, caller);
    if (refused) return refused;
    const machineId = params.id.toLowerCase();
    const idempotency = readIdempotencyKey(given, "StartLiveResponse", machineId, body);
    if (idempotency.kind === "error") return idempotency;
    const accepted = await start(context, caller, machineId, body, signal, idempotency.key);
    if (!accepted.ok) return domainRefusal(accepted.error);
    const action = accepted.value;
    const headers = { location: actionLocation(context, action) };
    const { waitMs } = wait;
    if (waitMs === null) return { ...created(actionEntity(context, action)), headers };
    const slot = context.waitingRequests.enter(accountOf(caller), signal);
    // The action is accepted, so without a slot the response is its present state and no refusal.
    if (slot === null) return { ...created(actionEntity(context, action)), headers };
    const waiter = { caller, isStillAdmitted };
    return {
      kind: "lateJson",
      status: 201 as const,
      headers,
      held: slot,
      body: () => actionAtEnd(context, waiter, action, waitMs, { gone: signal, signal: slot.signal }),
    };
  },
});
