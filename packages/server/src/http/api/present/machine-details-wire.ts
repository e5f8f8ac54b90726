import type { ListedMachineWire, MachineDetailsWire } from "@halligan/protocol/api";
import type { Machine } from "../../../domain/machines/machine.ts";
import { groupNames } from "../../../service/machines/group-names.ts";
import { type MachineDetails, readMachineDetails } from "../../../service/machines/machine-details.ts";
import type { HttpContext } from "../context.ts";
import { machineWire } from "./machine-wire.ts";
import { odataContext } from "./odata-context.ts";
import { wireTime } from "./wire-time.ts";

/** Machines of a list, in its order. `asOfMs`: what "now" is for that list, on every page of it. */
export async function listedMachineWires(
  context: HttpContext,
  machines: readonly Machine[],
  asOfMs: number,
): Promise<ListedMachineWire[]> {
  const names = await groupNames(context);
  return machines.map((machine) => listedMachine(context, machine, names.get(machine.groupId) ?? "", asOfMs));
}

export function machineDetailsWire(context: HttpContext, details: MachineDetails): MachineDetailsWire {
  const { machine, groupName, enrollmentTokenId, unfinishedActionId } = details;
  return {
    "@odata.context": odataContext(context.publicUrl, "Machines/$entity"),
    ...listedMachine(context, machine, groupName, context.clock.nowMs()),
    enrollmentTokenId,
    unfinishedActionId,
  };
}

/** The response of an operation that changed the machine. */
export async function changedMachineWire(context: HttpContext, machine: Machine): Promise<MachineDetailsWire> {
  return machineDetailsWire(context, await readMachineDetails(context, machine));
}

function listedMachine(context: HttpContext, machine: Machine, groupName: string, nowMs: number): ListedMachineWire {
  const { retirement } = machine;
  return {
    ...machineWire(machine, groupName, nowMs, context.limits.healthGraceMs),
    deviceName: machine.facts.computerDnsName,
    displayName: machine.displayName,
    state: stateOf(machine),
    isConnected: machine.linked,
    retiredAt: retirement && wireTime(retirement.atMs),
    retiredBy: retirement?.by ?? null,
    retireReason: retirement?.reason ?? null,
    quarantineReason: machine.quarantineReason,
  };
}

function stateOf({ retirement, quarantined, journalId }: Machine): ListedMachineWire["state"] {
  if (retirement) return "retired";
  if (quarantined) return "quarantined";
  return journalId === null ? "enrolled" : "active";
}
