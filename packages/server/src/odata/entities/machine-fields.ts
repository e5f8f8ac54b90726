import { ListedMachineWire, MachineWire } from "@halligan/protocol/api";
import { defineEntity, type Entity, type Field } from "../fields.ts";

const text = <const N extends string>(name: N) => ({ name, kind: "text", letterCase: "ignored" }) as const;
const oneOf = <const N extends string>(name: N, ...values: readonly string[]) =>
  ({ name, kind: "enum", values, open: false }) as const;

/**
 * The fourteen of the contract (docs/contract/http-api.md#machines), then further ones that clients
 * read.
 */
const FIELDS = [
  { name: "computerDnsName", kind: "text", letterCase: "ignored" },
  { name: "id", kind: "text", letterCase: "storedLower" },
  text("version"),
  oneOf("deviceValue", "Normal", "Low", "High"),
  { name: "aadDeviceId", kind: "text", letterCase: "storedLower" },
  { name: "machineTags", kind: "textList" },
  { name: "lastSeen", kind: "datetime" },
  oneOf("exposureLevel", "None", "Low", "Medium", "High"),
  oneOf("onboardingStatus", "Onboarded", "CanBeOnboarded", "Unsupported", "InsufficientInfo"),
  text("lastIpAddress"),
  oneOf(
    "healthStatus",
    "Active",
    "Inactive",
    "ImpairedCommunication",
    "NoSensorData",
    "NoSensorDataImpairedCommunication",
    "Unknown",
  ),
  text("osPlatform"),
  oneOf("riskScore", "None", "Informational", "Low", "Medium", "High"),
  { name: "rbacGroupId", kind: "number" },
  text("rbacGroupName"),
  text("lastExternalIpAddress"),
  text("agentVersion"),
  text("osVersion"),
  text("osArchitecture"),
  text("osProcessor"),
  { name: "osBuild", kind: "number" },
  { name: "firstSeen", kind: "datetime" },
  { name: "isAadJoined", kind: "boolean" },
] as const satisfies readonly Field[];

export type MachineField = (typeof FIELDS)[number]["name"];

const entityOf = ({ properties }: { properties: object }): Entity =>
  defineEntity(
    "machines",
    FIELDS,
    Object.keys(properties).filter((name) => !name.startsWith("@")),
  );

export const MACHINES: Entity = entityOf(MachineWire);
/** The same fields; Halligan's own list shows more properties. */
export const MACHINE_DETAILS: Entity = entityOf(ListedMachineWire);
