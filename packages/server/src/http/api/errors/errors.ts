import type { DomainError } from "../../../domain/errors.ts";
import { type ErrorResponse, httpError } from "../../edge/http-response.ts";
import { wireTime } from "../present/wire-time.ts";
import { RUN_AS_OBSTACLES } from "../run-as-obstacles.ts";
import { IDENTITY_ERRORS } from "./identity-errors.ts";
import { LIBRARY_ERRORS } from "./library-errors.ts";
import type { ErrorByCode, WireErrors } from "./wire-error.ts";

/**
 * How each refusal of the domain looks on the wire. `docs/contract/http-api.md#errors`,
 * `docs/contract/choices.md`, and for agents `protocol/src/link/transfer.ts`. 401 stands for faults
 * of the token alone: one client signs in again without end.
 */
const WIRE: WireErrors = {
  ...LIBRARY_ERRORS,
  ...IDENTITY_ERRORS,
  MachineNotFound: { status: 404, code: "ResourceNotFound", message: (e) => `Machine ${e.machineId} was not found` },
  MachineNameAmbiguous: {
    status: 400,
    code: "InvalidInput",
    message: (e) => `${e.name} names ${e.machineIds.length} machines (${e.machineIds.join(", ")}); use the id`,
  },
  MachineQuarantined: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      e.reason === null
        ? `Machine ${e.machineId} is in quarantine because two devices used its key; enroll each of them with a new token`
        : `Machine ${e.machineId} was put in quarantine by an operator (${e.reason}); release it first`,
  },
  MachineRetired: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `Machine ${e.machineId} was retired at ${wireTime(e.retiredAtMs)} and takes no more actions; reinstate it first`,
  },
  MachineNotRetired: {
    status: 400,
    code: "BadRequest",
    message: (e) => `Machine ${e.machineId} is in use: retire it before you remove it`,
  },
  MachineActionNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Machine action ${e.actionId} was not found`,
  },
  // Ends with the id, as the real message does.
  ActiveRequestAlreadyExists: {
    status: 400,
    code: "ActiveRequestAlreadyExists",
    message: (e) => `Action is already in progress on machine ${e.machineId}, active action id: ${e.blockingActionId}`,
  },
  IdempotencyKeyReused: {
    status: 422,
    code: "IdempotencyKeyReused",
    message: () =>
      "This Idempotency-Key was used for another request: body, machine or operation differ. Use a new key for a new request",
  },
  IdempotentActionRemoved: {
    status: 410,
    code: "ResourceNotFound",
    message: (e) =>
      `Machine action ${e.actionId}, which this Idempotency-Key has started, was removed. Use a new key to start again`,
  },
  MissingRequiredParameter: {
    status: 400,
    code: "MissingRequiredParameter",
    message: (e) => `Missing required parameter: ${e.parameter}`,
  },
  InvalidRequestBody: {
    status: 400,
    code: "InvalidRequestBody",
    message: (e) => `Request body is incorrect: ${e.detail}`,
  },
  InvalidInput: { status: 400, code: "InvalidInput", message: (e) => e.detail },
  ODataError: { status: 400, code: "ODataError", message: (e) => e.detail },
  OsPlatformNotSupported: {
    status: 400,
    code: "OsPlatformNotSupported",
    message: (e) => `Live response does not support ${e.osPlatform} (machine ${e.machineId})`,
  },
  ClientVersionNotSupported: {
    status: 400,
    code: "ClientVersionNotSupported",
    message: (e) => `The agent of machine ${e.machineId} is too old: ${e.agentVersion}, needed is ${e.minVersion}`,
  },
  RunAsNotSupported: {
    status: 400,
    code: "RunAsNotSupported",
    message: (e) => `Machine ${e.machineId} cannot run a script as another user: ${RUN_AS_OBSTACLES[e.obstacle]}`,
  },
  RunAsNotAllowed: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `This server does not allow scripts to run as ${e.user}: HALLIGAN_RUN_AS_USERS ${
        e.isOff ? "is off" : "names other users"
      }`,
  },
  RemediationLevelMissing: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `Live response is not allowed on machine ${e.machineId}: its device group "${e.groupName}" has no remediation level`,
  },
  TooManySessions: {
    status: 429,
    code: "TooManyRequests",
    message: (e) => `Too many requests: all ${e.slots} live response sessions are running`,
    retryAfterMs: (e) => e.retryAfterMs,
  },
  OperationNotServed: {
    status: 403,
    code: "DisabledFeature",
    message: (e) => `${e.operation} is not served here; machine ${e.machineId} takes live response only`,
  },
  DeviceGroupNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Device group ${e.groupId} was not found`,
  },
  DeviceGroupExists: { status: 400, code: "InvalidInput", message: (e) => `Device group ${e.name} already exists` },
  DeviceGroupInUse: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Device group ${e.groupId} cannot be removed: ${e.machines} machine(s) belong to it, ${e.retired} of them retired or removed`,
  },
  CancelRefused: {
    status: 400,
    code: "BadRequest",
    message: (e) => `Machine action ${e.actionId} cannot be cancelled: its status is ${e.status}`,
  },
  ResultNotReady: {
    status: 400,
    code: "BadRequest",
    message: (e) => `The result of command ${e.index} of machine action ${e.actionId} is not ready yet`,
  },
  TransferChanged: {
    status: 409,
    code: "TransferChanged",
    message: (e) =>
      `The device sends the file of command ${e.index} of machine action ${e.actionId} again; download it from its start`,
  },
  ResultNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Command ${e.index} of machine action ${e.actionId} has no result: ${e.detail}`,
  },
  OutputNotCounted: {
    status: 404,
    code: "OutputNotAvailable",
    message: (e) =>
      `The bytes of what command ${e.index} of machine action ${e.actionId} wrote are not available: the agent of its ` +
      "machine is older than this. Its transcript, GetLiveResponseResultDownloadLink, has them as text",
  },
  CursorBeyondOutput: {
    status: 400,
    code: "CursorBeyondOutput",
    message: (e) =>
      `Machine action ${e.actionId} has no such output as the cursor of command ${e.index} says. Take the id of an event of this action`,
  },
  ScriptNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Command ${e.index} of machine action ${e.actionId} has no script: ${e.detail}`,
  },
  ResultLinkInvalid: { status: 403, code: "Forbidden", message: () => "The link is not valid" },
  ResultLinkExpired: { status: 403, code: "Forbidden", message: () => "The link has expired; ask for a new one" },
  ResultLinkRevoked: { status: 403, code: "Forbidden", message: () => "The link was revoked; ask for a new one" },
  SecretsNotSupported: {
    status: 409,
    code: "SecretsNotSupported",
    message: (e) =>
      `The agent of machine ${e.machineId} takes no secrets. Upgrade it; it can take them after its next connection`,
  },
  SecretKeyChanged: {
    status: 409,
    code: "SecretKeyChanged",
    message: (e) =>
      `The secrets are encrypted to another key than the present one of machine ${e.machineId}. Get its key and encrypt them again`,
  },
  TransferRefused: { status: 410, code: "ResourceNotFound", message: (e) => e.detail },
  PartMismatch: { status: 400, code: "PartMismatch", message: (e) => e.detail },
  UploadIncomplete: {
    status: 409,
    code: "UploadIncomplete",
    message: (e) => `Parts are missing: ${e.missingParts.join(", ")}`,
  },
  UploadMismatch: { status: 409, code: "UploadMismatch", message: (e) => e.detail },
  InsufficientStorage: {
    status: 507,
    code: "InsufficientStorage",
    message: () => "The server is out of storage space; an operator has to free or add some. Try again later",
  },
  ResultQuotaExceeded: {
    status: 507,
    code: "ResultQuotaExceeded",
    message: (e) =>
      e.of === "machine"
        ? "The results of this machine that are kept have reached their quota; it is freed by their retention, or an operator raises it"
        : "The results that are kept have reached the quota of all machines; it is freed by their retention, or an operator raises it",
  },
};

/** The one way from a refusal of the domain to the wire. */
export const domainRefusal = (error: DomainError): ErrorResponse => refusalOf(error.code, error);

function refusalOf<C extends keyof ErrorByCode>(code: C, error: ErrorByCode[C]): ErrorResponse {
  const row = WIRE[code];
  const retryAfterMs = row.retryAfterMs?.(error);
  const headers = retryAfterMs === undefined ? undefined : { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
  return httpError(row.status, row.code, row.message(error), headers);
}
