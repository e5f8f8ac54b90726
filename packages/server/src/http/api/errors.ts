import type { DomainError } from "../../domain/errors.ts";
import { type ErrorResponse, httpError } from "../edge/http-response.ts";
import { wireTime } from "./present/wire-time.ts";
import { RUN_AS_OBSTACLES } from "./run-as-obstacles.ts";

type ErrorByCode = { readonly [E in DomainError as E["code"]]: E };

interface WireRow<E> {
  readonly status: number;
  readonly code: string;
  readonly message: (error: E) => string;
  /** Sent as `Retry-After`, in whole seconds. */
  readonly retryAfterMs?: (error: E) => number;
}

/**
 * How each refusal of the domain looks on the wire. `docs/contract/http-api.md#errors`,
 * `docs/contract/choices.md`, and for agents `protocol/src/link/transfer.ts`. 401 stands for faults
 * of the token alone: one client signs in again without end.
 */
const WIRE: { readonly [C in keyof ErrorByCode]: WireRow<ErrorByCode[C]> } = {
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
  LibraryFileNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Library file ${e.fileName} was not found`,
  },
  LibraryContentNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `The library has no file with the SHA-256 ${e.sha256}`,
  },
  // Clients look for "already exists". docs/contract/clients-in-the-wild.md#library.
  LibraryFileExists: {
    status: 400,
    code: "InvalidInput",
    message: (e) => `Library file ${e.fileName} already exists; set OverrideIfExists to replace it`,
  },
  LibraryFileOfOtherGroups: {
    status: 403,
    code: "Forbidden",
    message: (e) => `Library file ${e.fileName} is bound to device groups that the caller does not reach`,
  },
  LibraryFileUnbound: {
    status: 403,
    code: "Forbidden",
    message: () => "Only a caller who reaches the machines of all device groups adds a file that all of them may run",
  },
  ContentOfOtherGroups: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `The library file with the SHA-256 ${e.sha256} is bound to other device groups than that of machine ${e.machineId}`,
  },
  ContentNotApproved: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `The content with the SHA-256 ${e.sha256} is not approved: another account than the one that uploaded it has to ` +
      "approve it (Halligan.Library.Approve)",
  },
  ApprovalOfOwnContent: {
    status: 403,
    code: "DisallowedOperation",
    message: (e) =>
      `The content with the SHA-256 ${e.sha256} comes from the caller's own account; another one has to approve it`,
  },
  ContentUnknown: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `There is no approval of the SHA-256 ${e.sha256}`,
  },
  CallerNotBlocked: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Caller ${e.callerId} is not blocked`,
  },
  LibraryFileOfAnother: {
    status: 403,
    code: "Forbidden",
    message: (e) =>
      `Library file ${e.fileName} belongs to another caller; changing it needs one more permission (Halligan.Library.Override)`,
  },
  LibraryFileTooLarge: {
    status: 400,
    code: "InvalidInput",
    message: (e) => `The file is larger than the limit of ${e.limitBytes} bytes`,
  },
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
  LibraryFileChanged: {
    status: 409,
    code: "LibraryFileChanged",
    message: (e) =>
      `Library file ${e.fileName} was replaced: it has the SHA-256 ${e.presentSha256} now, not ${e.wantedSha256}. ` +
      "Look at the new file, then start again with its SHA-256",
  },
  ContentNotPermitted: {
    status: 403,
    code: "Forbidden",
    message: () =>
      "Content that is not a library file needs one more permission, because it is new to this server (Library.Manage)",
  },
  ContentMismatch: { status: 400, code: "InvalidInput", message: (e) => e.detail },
  LibraryContentRemoved: {
    status: 503,
    code: "ServiceUnavailable",
    message: (e) => `The same content (SHA-256 ${e.sha256}) was being removed as unused; upload the file again`,
    retryAfterMs: () => 1_000,
  },
  StagedContentNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) =>
      `No content with the SHA-256 ${e.sha256} is staged for this caller: it was not uploaded, or has expired. ` +
      `Upload it with PUT /halligan/v1/content/${e.sha256}`,
  },
  StagedContentLimit: {
    status: 400,
    code: "InvalidInput",
    message: (e) =>
      `An account may have ${e.limitBytes} bytes in ${e.limitCount} staged contents that no action refers to; ` +
      "start what was staged before, or wait until it expires",
  },
  ApplicationNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Application ${e.clientId} was not found`,
  },
  ApplicationInUse: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Application ${e.clientId} asks for this itself and cannot remove itself; another administrator can`,
  },
  ApplicationSecretInUse: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Secret ${e.secretId} is the last one with which application ${e.clientId} signs in, and it asks for this itself; add another one first`,
  },
  ApplicationHasNoKey: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Application ${e.clientId} has no key and could not sign in without its secret; create one with keys and remove this one`,
  },
  ApplicationHasKeys: {
    status: 400,
    code: "BadRequest",
    message: (e) => `Application ${e.clientId} signs its token requests with keys and takes no secret`,
  },
  ApplicationSecretNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Application ${e.clientId} has no secret ${e.secretId}`,
  },
  TooManySecrets: {
    status: 400,
    code: "BadRequest",
    message: (e) => `An application may have ${e.limit} secrets; remove one that is no longer used`,
  },
  GrantNotHeld: {
    status: 403,
    code: "Forbidden",
    message: (e) => `A caller grants only permissions that it has itself; this one lacks ${e.permissions.join(", ")}`,
  },
  EnrollmentTokenNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Enrollment token ${e.tokenId} was not found`,
  },
  EnrollmentRefused: { status: 403, code: "Forbidden", message: (e) => `Enrollment refused: ${e.detail}` },
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
