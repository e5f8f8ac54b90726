import type { MachineWire } from "@halligan/protocol/api";
import { healthStatus, type Machine, machineName, onboardingStatus } from "../../../domain/machines/machine.ts";
import { lastIpAddress } from "../../../odata/entities/machine-record.ts";
import { groupName, groupNames } from "../../../service/machines/group-names.ts";
import type { HttpContext } from "../context.ts";
import { odataContext } from "./odata-context.ts";
import { wireTime } from "./wire-time.ts";

/** One machine as a whole response. */
export async function machineEntity(context: HttpContext, machine: Machine): Promise<MachineWire> {
  const group = await groupName(context, machine.groupId);
  return {
    "@odata.context": odataContext(context.publicUrl, "Machines/$entity"),
    ...machineWire(machine, group, context.clock.nowMs(), context.limits.healthGraceMs),
  };
}

/** Machines of a list, in its order. `asOfMs`: what "now" is for that list, on every page of it. */
export async function machineWires(
  context: HttpContext,
  machines: readonly Machine[],
  asOfMs: number,
): Promise<MachineWire[]> {
  const names = await groupNames(context);
  const { healthGraceMs } = context.limits;
  return machines.map((machine) => machineWire(machine, names.get(machine.groupId) ?? "", asOfMs, healthGraceMs));
}

/**
 * The entity of `docs/contract/http-api.md#machines`. What belongs to Defender and not to us is an
 * honest null.
 */
export function machineWire(machine: Machine, groupName: string, nowMs: number, healthGraceMs: number): MachineWire {
  const { facts } = machine;
  return {
    id: machine.id,
    computerDnsName: machineName(machine),
    firstSeen: wireTime(machine.firstSeenMs),
    lastSeen: wireTime(machine.linked ? nowMs : machine.lastSeenMs),
    osPlatform: facts.osPlatform,
    osVersion: facts.osVersion,
    osProcessor: facts.osProcessor,
    version: facts.version,
    lastIpAddress: lastIpAddress(machine),
    lastExternalIpAddress: machine.lastExternalIp,
    agentVersion: facts.agentVersion,
    osBuild: facts.osBuild,
    healthStatus: healthStatus(machine, nowMs, healthGraceMs),
    deviceValue: null,
    rbacGroupId: machine.groupId,
    rbacGroupName: groupName,
    riskScore: null,
    exposureLevel: null,
    isAadJoined: null,
    aadDeviceId: null,
    machineTags: [...machine.tags],
    defenderAvStatus: null,
    onboardingStatus: onboardingStatus(machine),
    osArchitecture: facts.osArchitecture,
    managedBy: null,
    managedByStatus: null,
    ipAddresses: facts.ipAddresses.map(({ ipAddress, macAddress, type, operationalStatus }) => ({
      ipAddress,
      macAddress,
      type,
      operationalStatus,
    })),
    vmMetadata: null,
  };
}
