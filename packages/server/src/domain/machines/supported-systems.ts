import type { MachineFacts } from "@halligan/protocol/link";
import type { DomainError } from "../errors.ts";

interface SupportedSystem {
  /** `osPlatform` as the device reports it, in lower case. */
  platform: RegExp;
  /** Minimum build number, for platforms that count builds; null: any. */
  minBuild: number | null;
  /** Minimum of the first number of `version`, for platforms where it decides; null: any. */
  minVersion: number | null;
}

/**
 * Systems that live response runs on. Source: docs/contract/lifecycle.md#device-side [D]
 * run-live-response.md; macOS means 11 or later
 * (docs/contract/choices.md#device-groups-and-systems). Windows 10 from 1709 (build 16299); Windows
 * Server 2019 (17763) and later.
 */
export const SUPPORTED_SYSTEMS: readonly SupportedSystem[] = [
  { platform: /^linux$/, minBuild: null, minVersion: null },
  { platform: /^macos$/, minBuild: null, minVersion: 11 },
  { platform: /^windows10$/, minBuild: 16_299, minVersion: null },
  { platform: /^windows11$/, minBuild: null, minVersion: null },
  { platform: /^windowsserver(2019|2022|2025)$/, minBuild: null, minVersion: null },
  { platform: /^azurestackhci$/, minBuild: null, minVersion: null },
];

/** Oldest agent version with orders and a journal that this server understands. */
export const MIN_AGENT_VERSION = "0.1.0";

/** Why a device cannot run live response; null when it can. `machineId` is used in the message. */
export function systemFault(machineId: string, facts: MachineFacts): DomainError | null {
  const platform = facts.osPlatform.toLowerCase();
  const isSupported = SUPPORTED_SYSTEMS.some(
    (system) =>
      system.platform.test(platform) &&
      (system.minBuild === null || (facts.osBuild ?? 0) >= system.minBuild) &&
      (system.minVersion === null || Number.parseInt(facts.version ?? "0", 10) >= system.minVersion),
  );
  if (!isSupported) {
    const system = [facts.osPlatform, facts.version, facts.osBuild].filter((part) => part !== null).join(" ");
    return { code: "OsPlatformNotSupported", machineId, osPlatform: system };
  }
  if (compareVersions(facts.agentVersion, MIN_AGENT_VERSION) < 0) {
    return {
      code: "ClientVersionNotSupported",
      machineId,
      agentVersion: facts.agentVersion,
      minVersion: MIN_AGENT_VERSION,
    };
  }
  return null;
}

/**
 * Compares by number, part by part. A part that is not a number counts as 0, so an unknown form of
 * version is too old.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

const numbersOf = (version: string): number[] =>
  version.split(/[.+-]/).map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : 0));
