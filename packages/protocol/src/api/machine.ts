import { type Static, Type } from "typebox";

const textOrNull = Type.Union([Type.String(), Type.Null()]);

/** The entity of `contract/http-api.md` section 13. All keys are always there; null where the device cannot know. */
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

/** `POST /api/machines/{id}/tags`: one tag at a time, as Defender's API has it. */
export const MachineTagsRequest = Type.Object(
  {
    Value: Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\u0000]*$" }),
    Action: Type.Union([Type.Literal("Add"), Type.Literal("Remove")]),
  },
  { additionalProperties: false },
);
export type MachineTagsRequest = Static<typeof MachineTagsRequest>;
