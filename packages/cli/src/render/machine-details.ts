import type { MachineDetailsWire } from "@halligan/protocol/api";
import { renderFacts } from "./text/facts.ts";
import { formatTime } from "./text/units.ts";

/**
 * The health as lists and details show it. The contract's entity has no value for a quarantine and
 * keeps its health until the machine is stale.
 */
export const healthText = (healthStatus: string, isQuarantined: boolean): string =>
  isQuarantined ? "Quarantined" : healthStatus;

/** One machine, a fact a line. */
export function renderMachineDetails(machine: MachineDetailsWire): string {
  const isRenamed = machine.displayName !== null;
  const system = [machine.osPlatform, machine.version, machine.osArchitecture].filter(Boolean).join(" ");
  return renderFacts([
    ["machine", machine.computerDnsName],
    ...(isRenamed ? ([["device's name", machine.deviceName]] as const) : []),
    ["id", machine.id],
    ["state", machine.isConnected ? `${machine.state}, connected` : machine.state],
    ["health", healthText(machine.healthStatus, machine.state === "quarantined")],
    ...(machine.quarantineReason ? [["quarantine", machine.quarantineReason] as const] : []),
    ...(machine.retiredAt === null
      ? []
      : ([
          ["retired", `${formatTime(machine.retiredAt)} by ${machine.retiredBy}`],
          ["reason", machine.retireReason],
        ] as const)),
    ["system", system],
    ["agent", machine.agentVersion],
    ["addresses", machine.ipAddresses.map(({ ipAddress }) => ipAddress).join(", ") || null],
    ["seen from", machine.lastExternalIpAddress],
    ["first seen", formatTime(machine.firstSeen)],
    ["last seen", formatTime(machine.lastSeen)],
    ["group", `${machine.rbacGroupName} (${machine.rbacGroupId})`],
    ["tags", machine.machineTags.join(", ") || null],
    ["enrolled with", machine.enrollmentTokenId],
    ["action", machine.unfinishedActionId],
  ]);
}

/** A machine in `--json`: the API's entity without its OData context. */
export function machineJson<M extends { "@odata.context"?: string }>({
  "@odata.context": _,
  ...machine
}: M): Omit<M, "@odata.context"> {
  return machine;
}
