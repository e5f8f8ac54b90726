/** What this device says of itself when it enrolls and at every hello. */
import { readFileSync } from "node:fs";
import os from "node:os";
import type { MachineFacts } from "@halligan/protocol/link";
import { AGENT_VERSION } from "../version.ts";
import { ipAddresses } from "./ip-addresses.ts";
import { operatingSystem } from "./operating-system.ts";

/** Read once for a process, but for the addresses, which change: see {@link currentFacts}. */
const system = () => {
  const { osPlatform, version, osVersion, osBuild } = operatingSystem();
  return {
    osPlatform: osPlatform.slice(0, 64),
    version: version?.slice(0, 64) ?? null,
    osVersion: osVersion?.slice(0, 128) ?? null,
    osBuild,
    osArchitecture: /64|s390x/.test(os.arch()) ? ("64-bit" as const) : ("32-bit" as const),
    osProcessor: processorName()?.slice(0, 64) ?? null,
  };
};
let systemFacts: ReturnType<typeof system> | null = null;

/** @param name what the device is called instead of its host name */
export function currentFacts(name: string | null): MachineFacts {
  systemFacts ??= system();
  return {
    computerDnsName: (name ?? os.hostname()).slice(0, 255),
    ...systemFacts,
    agentVersion: AGENT_VERSION,
    ipAddresses: ipAddresses(),
  };
}

function processorName(): string | null {
  const model = os.cpus()[0]?.model.trim();
  if (model && model !== "unknown") return model;
  try {
    return (
      /^(?:model name|Model|Hardware)\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.trim() ?? null
    );
  } catch {
    return null;
  }
}
