import { type Static, Type } from "typebox";
import { SignedSecretKey } from "../link/secrets/secret-env.ts";
import { NAME_PATTERN } from "../text/name-fault.ts";

const textOrNull = Type.Union([Type.String(), Type.Null()]);

/**
 * The entity of `docs/contract/http-api.md#machines`. All keys are always there; null where the
 * device cannot know.
 */
export const MachineWire = Type.Object({
  "@odata.context": Type.Optional(Type.String()),
  id: Type.String(),
  computerDnsName: textOrNull,
  firstSeen: Type.String(),
  lastSeen: Type.String(),
  osPlatform: textOrNull,
  osVersion: textOrNull,
  osProcessor: textOrNull,
  version: textOrNull,
  lastIpAddress: textOrNull,
  lastExternalIpAddress: textOrNull,
  agentVersion: textOrNull,
  osBuild: Type.Union([Type.Integer(), Type.Null()]),
  healthStatus: Type.String(),
  deviceValue: textOrNull,
  rbacGroupId: Type.Integer(),
  rbacGroupName: textOrNull,
  riskScore: textOrNull,
  exposureLevel: textOrNull,
  isAadJoined: Type.Union([Type.Boolean(), Type.Null()]),
  aadDeviceId: textOrNull,
  machineTags: Type.Array(Type.String()),
  defenderAvStatus: textOrNull,
  onboardingStatus: Type.String(),
  osArchitecture: textOrNull,
  managedBy: textOrNull,
  managedByStatus: textOrNull,
  ipAddresses: Type.Array(
    Type.Object({
      ipAddress: Type.String(),
      macAddress: textOrNull,
      type: Type.String(),
      operationalStatus: Type.String(),
    }),
  ),
  vmMetadata: Type.Null(),
});
export type MachineWire = Static<typeof MachineWire>;

const MachineTag = Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\u0000]*$" });

/** Most tags of one machine. The bound keeps its record small. */
export const MAX_MACHINE_TAGS = 100;

/** `POST /api/machines/{id}/tags`: one tag per request, as in Defender's API. */
export const MachineTagsRequest = Type.Object(
  {
    Value: MachineTag,
    Action: Type.Union([Type.Literal("Add"), Type.Literal("Remove")]),
  },
  { additionalProperties: false },
);
export type MachineTagsRequest = Static<typeof MachineTagsRequest>;

/** `PUT /halligan/v1/machines/{id}/tags`: all tags at once. */
export const ReplaceMachineTagsRequest = Type.Object(
  { tags: Type.Array(MachineTag, { maxItems: MAX_MACHINE_TAGS, uniqueItems: true }) },
  { additionalProperties: false },
);
export type ReplaceMachineTagsRequest = Static<typeof ReplaceMachineTagsRequest>;

/** `PUT /halligan/v1/machines/{id}/name`. A name is one line with visible characters. */
export const RenameMachineRequest = Type.Object(
  {
    /** Null restores the name that the device reports. */
    name: Type.Union([Type.String({ minLength: 1, maxLength: 120, pattern: NAME_PATTERN }), Type.Null()]),
  },
  { additionalProperties: false },
);
export type RenameMachineRequest = Static<typeof RenameMachineRequest>;

/** `POST /halligan/v1/machines/{id}/retire` */
export const RetireMachineRequest = Type.Object(
  {
    /** Recorded in the audit log, and in the errors of the actions that the retirement ends. */
    reason: Type.String({ minLength: 1, maxLength: 1_000, pattern: "^[^\\u0000]*$" }),
  },
  { additionalProperties: false },
);
export type RetireMachineRequest = Static<typeof RetireMachineRequest>;

/** `POST /halligan/v1/machines/{id}/quarantine` */
export const QuarantineMachineRequest = RetireMachineRequest;
export type QuarantineMachineRequest = RetireMachineRequest;

/**
 * `GET /halligan/v1/machines/{id}`: the contract's entity, and what the contract has no word for.
 */
export const ListedMachineWire = Type.Object({
  ...MachineWire.properties,
  /** The name that the device reports. `computerDnsName` is `displayName` if there is one. */
  deviceName: Type.String(),
  /** The name that an operator assigned. */
  displayName: textOrNull,
  /**
   * enrolled: its key is known, and its agent has not connected yet. active: its agent has
   * connected at least once; it may be offline now. quarantined: two devices use its key, or an
   * operator does not trust it. retired: its key is refused.
   */
  state: Type.Union([
    Type.Literal("enrolled"),
    Type.Literal("active"),
    Type.Literal("quarantined"),
    Type.Literal("retired"),
  ]),
  /** Whether its agent is connected now. */
  isConnected: Type.Boolean(),
  retiredAt: textOrNull,
  retiredBy: textOrNull,
  retireReason: textOrNull,
  /** Why an operator put it in quarantine; null when the server did. Absent before 0.2. */
  quarantineReason: Type.Optional(textOrNull),
});
export type ListedMachineWire = Static<typeof ListedMachineWire>;

export const MachineDetailsWire = Type.Object({
  ...ListedMachineWire.properties,
  /** The token that it enrolled with; null when that is unknown. */
  enrollmentTokenId: textOrNull,
  /** Its unfinished action. */
  unfinishedActionId: textOrNull,
});
export type MachineDetailsWire = Static<typeof MachineDetailsWire>;

/**
 * `GET /halligan/v1/machines/{id}/secret-key`: what secrets of this machine are encrypted to. A
 * caller verifies it before it encrypts, so that a server cannot put a key of its own in its place:
 * `sealSecrets` of `protocol/link-crypto` does both.
 */
export const MachineSecretKeyWire = Type.Object({
  machineId: Type.String(),
  /** Raw Ed25519 key, base64url. The machine's id is the first 40 hex digits of its SHA-256. */
  publicKey: Type.String(),
  /** `key`: raw X25519, base64url. `signature`: by `publicKey`, over machine id and key. */
  ...SignedSecretKey.properties,
});
export type MachineSecretKeyWire = Static<typeof MachineSecretKeyWire>;
