import { type ListedMachineWire, MachineDetailsWire, MachineWire } from "@halligan/protocol/api";
import { json, page } from "../../edge/declared-responses.ts";
import { MachineCollection } from "../components.ts";
import { contextOf, SAMPLE } from "./values.ts";

/** Machines of the examples, and responses that several operations have. */

export const sampleMachine = {
  id: SAMPLE.machineId,
  computerDnsName: "build-07",
  firstSeen: "2026-11-01T08:15:30.5Z",
  lastSeen: "2026-11-21T12:00:00.118Z",
  osPlatform: "Linux",
  osVersion: "6.12.9",
  osProcessor: "x64",
  version: "12",
  lastIpAddress: SAMPLE.ipAddress,
  lastExternalIpAddress: SAMPLE.ipAddress,
  agentVersion: "0.1.0",
  osBuild: null,
  healthStatus: "Active",
  deviceValue: null,
  rbacGroupId: 0,
  rbacGroupName: "Ungrouped",
  riskScore: null,
  exposureLevel: null,
  isAadJoined: null,
  aadDeviceId: null,
  machineTags: ["lab"],
  defenderAvStatus: null,
  onboardingStatus: "Onboarded",
  osArchitecture: "64-bit",
  managedBy: null,
  managedByStatus: null,
  ipAddresses: [
    {
      ipAddress: SAMPLE.ipAddress,
      macAddress: "02005e100001",
      type: "Ethernet",
      operationalStatus: "Up",
    },
  ],
  vmMetadata: null,
} satisfies MachineWire;

export const sampleListedMachine = {
  ...sampleMachine,
  deviceName: sampleMachine.computerDnsName,
  displayName: null,
  state: "active",
  isConnected: true,
  retiredAt: null,
  retiredBy: null,
  retireReason: null,
} satisfies ListedMachineWire;

export const sampleMachineDetails = {
  "@odata.context": contextOf("Machines/$entity"),
  ...sampleListedMachine,
  enrollmentTokenId: SAMPLE.enrollmentTokenId,
  unfinishedActionId: null,
};

export const machineResponse = json("The machine.", MachineWire, {
  "@odata.context": contextOf("Machines/$entity"),
  ...sampleMachine,
});

export const machinesResponse = page("The machines.", MachineCollection, {
  "@odata.context": contextOf("Machines"),
  value: [sampleMachine],
});

export const machineDetailsResponse = json("The machine.", MachineDetailsWire, sampleMachineDetails);
