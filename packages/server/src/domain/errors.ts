import type { MachineActionStatus } from "@halligan/protocol/api";

/**
 * Every refusal that a use case can return, with one variant for each case that a caller treats
 * differently. One table, `http/api/errors/errors.ts`, gives the wire form of each; a missing row
 * does not compile.
 */
export type DomainError =
  | { code: "MachineNotFound"; machineId: string }
  | { code: "MachineNameAmbiguous"; name: string; machineIds: readonly string[] }
  /** `reason`: given by the operator; null when two devices were seen with its key. */
  | { code: "MachineQuarantined"; machineId: string; reason: string | null }
  | { code: "MachineRetired"; machineId: string; retiredAtMs: number }
  | { code: "MachineNotRetired"; machineId: string }
  | { code: "MachineActionNotFound"; actionId: string }
  | { code: "ActiveRequestAlreadyExists"; machineId: string; blockingActionId: string }
  /** The account has used the key for another request. */
  | { code: "IdempotencyKeyReused" }
  | { code: "IdempotentActionRemoved"; actionId: string }
  | { code: "MissingRequiredParameter"; parameter: string }
  | { code: "InvalidRequestBody"; detail: string }
  | { code: "InvalidInput"; detail: string }
  | { code: "ODataError"; detail: string }
  | { code: "OsPlatformNotSupported"; machineId: string; osPlatform: string }
  | { code: "ClientVersionNotSupported"; machineId: string; agentVersion: string; minVersion: string }
  /** The machine cannot run a script as another user. */
  | { code: "RunAsNotSupported"; machineId: string; obstacle: RunAsObstacle }
  /** A setting of the server does not allow this user. */
  | { code: "RunAsNotAllowed"; user: string; isOff: boolean }
  | { code: "RemediationLevelMissing"; machineId: string; groupName: string }
  /** Its agent is too old for secrets, or has not connected since it was upgraded. */
  | { code: "SecretsNotSupported"; machineId: string }
  /** The secrets are encrypted to another key than the one that its agent has announced. */
  | { code: "SecretKeyChanged"; machineId: string }
  | { code: "TooManySessions"; slots: number; retryAfterMs: number }
  | { code: "OperationNotServed"; operation: string; machineId: string }
  | { code: "DeviceGroupNotFound"; groupId: number }
  | { code: "DeviceGroupExists"; name: string }
  | { code: "DeviceGroupInUse"; groupId: number; machines: number; retired: number }
  | { code: "CancelRefused"; actionId: string; status: MachineActionStatus }
  | { code: "ResultNotReady"; actionId: string; index: number }
  | { code: "ResultNotFound"; actionId: string; index: number; detail: string }
  /** Its agent is older and has not counted the bytes. */
  | { code: "OutputNotCounted"; actionId: string; index: number }
  | { code: "CursorBeyondOutput"; actionId: string; index: number }
  | { code: "ScriptNotFound"; actionId: string; index: number; detail: string }
  | { code: "TransferChanged"; actionId: string; index: number }
  | { code: "ResultLinkInvalid" }
  | { code: "ResultLinkExpired" }
  | { code: "ResultLinkRevoked" }
  | { code: "LibraryFileNotFound"; fileName: string }
  | { code: "LibraryContentNotFound"; sha256: string }
  | { code: "LibraryFileExists"; fileName: string }
  | { code: "LibraryFileOfAnother"; fileName: string }
  | { code: "LibraryFileOfOtherGroups"; fileName: string }
  | { code: "LibraryFileUnbound" }
  | { code: "ContentOfOtherGroups"; sha256: string; machineId: string }
  | { code: "ContentNotApproved"; sha256: string }
  | { code: "ApprovalOfOwnContent"; sha256: string }
  | { code: "ContentUnknown"; sha256: string }
  | { code: "CallerNotBlocked"; callerId: string }
  | { code: "LibraryFileTooLarge"; limitBytes: number }
  | { code: "LibraryFileChanged"; fileName: string; wantedSha256: string; presentSha256: string }
  | { code: "ContentNotPermitted" }
  | { code: "ContentMismatch"; detail: string }
  | { code: "StagedContentNotFound"; sha256: string }
  /** These bytes are being removed as unused at the same time. */
  | { code: "LibraryContentRemoved"; sha256: string }
  | { code: "StagedContentLimit"; limitBytes: number; limitCount: number }
  | { code: "ApplicationNotFound"; clientId: string }
  | { code: "ApplicationInUse"; clientId: string }
  | { code: "ApplicationSecretInUse"; clientId: string; secretId: string }
  | { code: "ApplicationHasNoKey"; clientId: string }
  | { code: "ApplicationHasKeys"; clientId: string }
  | { code: "ApplicationSecretNotFound"; clientId: string; secretId: string }
  | { code: "TooManySecrets"; limit: number }
  | { code: "GrantNotHeld"; permissions: readonly string[] }
  | { code: "EnrollmentTokenNotFound"; tokenId: string }
  | { code: "EnrollmentRefused"; detail: string }
  | { code: "TransferRefused"; detail: string }
  | { code: "PartMismatch"; detail: string }
  | { code: "UploadIncomplete"; missingParts: readonly number[] }
  | { code: "UploadMismatch"; detail: string }
  | { code: "InsufficientStorage" }
  | { code: "ResultQuotaExceeded"; of: "machine" | "deployment" };

/** Why a machine cannot run a script as another user. */
export type RunAsObstacle = "notLinux" | "notRoot" | "noSetpriv" | "unknown";
