/** What this device reports about itself at enrollment and in every hello. */
import { readFileSync } from "node:fs";
import os from "node:os";
import type { MachineFacts } from "@halligan/protocol/link";
import { BUILD } from "@halligan/protocol/version";
import { boundText } from "../bound-text.ts";
import { ipAddresses } from "./ip-addresses.ts";
import { operatingSystem } from "./operating-system.ts";

/** Read once per process, except for the addresses, which change: see {@link currentFacts}. */
const system = () => {
  const { osPlatform, version, osVersion, osBuild } = operatingSystem();
  return {
    osPlatform: boundText(osPlatform, 64),
    version: boundOrNull(version, 64),
    osVersion: boundOrNull(osVersion, 128),
    osBuild,
    osArchitecture: /64|s390x/.test(os.arch()) ? ("64-bit" as const) : ("32-bit" as const),
    osProcessor: boundOrNull(processorName(), 64),
  };
};
let systemFacts: ReturnType<typeof system> | null = null;

/** @param name the name of the device instead of its host name */
export function currentFacts(name: string | null): MachineFacts {
  systemFacts ??= system();
  return {
    computerDnsName: boundText(name ?? os.hostname(), 255),
    ...systemFacts,
    agentVersion: BUILD,
    ipAddresses: ipAddresses(),
  };
}

const boundOrNull = (text: string | null, maxCharacters: number): string | null =>
  text === null ? null : boundText(text, maxCharacters);

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
