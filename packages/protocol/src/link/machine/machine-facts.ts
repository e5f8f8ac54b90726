import { type Static, Type } from "typebox";

/** Without NUL, which PostgreSQL cannot store. */
const text = (maxLength: number) => Type.String({ maxLength, pattern: "^[^\\u0000]*$" });
const textOrNull = (maxLength: number) => Type.Union([text(maxLength), Type.Null()]);

export const MachineIpAddress = Type.Object(
  {
    ipAddress: text(64),
    macAddress: textOrNull(32),
    type: Type.Union([
      Type.Literal("Ethernet"),
      Type.Literal("Other"),
      Type.Literal("SoftwareLoopback"),
      Type.Literal("Tunnel"),
    ]),
    operationalStatus: Type.Union([Type.Literal("Up"), Type.Literal("Down"), Type.Literal("Unknown")]),
  },
  { additionalProperties: false },
);

/**
 * What a device reports about itself, in the contract's words
 * (`docs/contract/http-api.md#machines`). Null where the device cannot know. The server shows these
 * claims as data and never uses them to decide access (threat 1.9).
 */
export const MachineFacts = Type.Object(
  {
    computerDnsName: text(255),
    /**
     * `Linux`, `macOS`, `Windows10`, `Windows11`, `WindowsServer2022`, ... Existing clients choose
     * `.ps1` when the name contains "windows".
     */
    osPlatform: text(64),
    /** The system's release, for example `12` of Debian 12. */
    version: textOrNull(64),
    osVersion: textOrNull(128),
    /** Within the range that a number and a column of the store hold exactly. */
    osBuild: Type.Union([
      Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
      Type.Null(),
    ]),
    osArchitecture: Type.Union([Type.Literal("64-bit"), Type.Literal("32-bit")]),
    osProcessor: textOrNull(64),
    agentVersion: text(32),
    ipAddresses: Type.Array(MachineIpAddress, { maxItems: 64 }),
  },
  { additionalProperties: false },
);
export type MachineFacts = Static<typeof MachineFacts>;
