import { healthStatus, type Machine, machineName, onboardingStatus } from "../../domain/machines/machine.ts";
import type { FieldValue } from "../filter.ts";
import type { MachineField } from "./machine-fields.ts";

/**
 * A machine for filters: the values of its wire form (docs/contract/http-api.md#machines), times as
 * Unix milliseconds. `groupName`: that of its device group.
 */
export function machineRecord(
  machine: Machine,
  groupName: string,
  nowMs: number,
  graceMs: number,
): Readonly<Record<MachineField, FieldValue>> {
  const { facts } = machine;
  return {
    id: machine.id,
    computerDnsName: machineName(machine),
    version: facts.version,
    machineTags: machine.tags,
    firstSeen: machine.firstSeenMs,
    lastSeen: machine.linked ? nowMs : machine.lastSeenMs,
    lastIpAddress: lastIpAddress(machine),
    lastExternalIpAddress: machine.lastExternalIp,
    healthStatus: healthStatus(machine, nowMs, graceMs),
    onboardingStatus: onboardingStatus(machine),
    osPlatform: facts.osPlatform,
    osVersion: facts.osVersion,
    osBuild: facts.osBuild,
    osArchitecture: facts.osArchitecture,
    osProcessor: facts.osProcessor,
    agentVersion: facts.agentVersion,
    rbacGroupId: machine.groupId,
    rbacGroupName: groupName,
    ...SAME_FOR_ALL,
  };
}

/** Fields with the same value on every machine. Properties that only Defender can know are null. */
export const SAME_FOR_ALL = {
  riskScore: null,
  exposureLevel: null,
  deviceValue: null,
  aadDeviceId: null,
  isAadJoined: null,
} as const satisfies Partial<Record<MachineField, FieldValue>>;

/**
 * The first address under which others can reach the device, IPv4 before IPv6, as the device
 * reports it.
 */
export function lastIpAddress({ facts }: Pick<Machine, "facts">): string | null {
  const usable = facts.ipAddresses.filter(({ type }) => type !== "SoftwareLoopback");
  const ipv4 = usable.find(({ ipAddress }) => !ipAddress.includes(":"));
  return (ipv4 ?? usable[0])?.ipAddress ?? null;
}
