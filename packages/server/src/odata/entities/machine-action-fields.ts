import { MACHINE_ACTION_STATUSES, MachineActionWire } from "@halligan/protocol/api";
import { defineEntity, type Entity, type Field } from "../fields.ts";

/**
 * Documented types, then those of the first-party connector's schema.
 * docs/contract/http-api.md#machine-action-entity.
 */
const TYPES = [
  "RunAntiVirusScan",
  "Offboard",
  "LiveResponse",
  "CollectInvestigationPackage",
  "Isolate",
  "Unisolate",
  "StopAndQuarantineFile",
  "RestrictCodeExecution",
  "UnrestrictCodeExecution",
  "Unknown",
  "RequestSample",
] as const;

/**
 * The six of the contract (docs/contract/http-api.md#list-machine-actions), and two more that cost
 * nothing.
 */
const FIELDS = [
  { name: "id", kind: "text", letterCase: "storedLower" },
  { name: "status", kind: "enum", values: MACHINE_ACTION_STATUSES, open: false },
  { name: "machineId", kind: "text", letterCase: "storedLower" },
  // Open, because Defender's list has grown over the years. A tool that asks for a kind of action
  // that Halligan does not have must get an empty list.
  { name: "type", kind: "enum", values: TYPES, open: true },
  { name: "requestor", kind: "text", letterCase: "ignored" },
  { name: "creationDateTimeUtc", kind: "datetime" },
  { name: "lastUpdateDateTimeUtc", kind: "datetime" },
  { name: "computerDnsName", kind: "text", letterCase: "ignored" },
] as const satisfies readonly Field[];

export type MachineActionField = (typeof FIELDS)[number]["name"];

export const MACHINE_ACTIONS: Entity = defineEntity(
  "machine actions",
  FIELDS,
  Object.keys(MachineActionWire.properties).filter((name) => !name.startsWith("@")),
);
