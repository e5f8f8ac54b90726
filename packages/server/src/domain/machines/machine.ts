import type { MachineFacts } from "@halligan/protocol/link";
import type { KnownContinuity } from "./clone-detection.ts";

export interface Machine {
  id: string;
  facts: MachineFacts;
  tags: readonly string[];
  firstSeenMs: number;
  lastSeenMs: number;
  lastExternalIp: string | null;
  /** A link of this machine is up. */
  linked: boolean;
  /** The node that holds its link, or held it last. */
  nodeId: string | null;
  /** Grows with every accepted link. */
  linkEpoch: number;
  /** The journal of the last hello; null before the first. */
  journalId: string | null;
  lastOrderSeq: number;
  /** Two devices were seen with this machine's key, or an operator does not trust it: it takes nothing any more. */
  quarantined: boolean;
  /** Why an operator put it in quarantine; null when two devices were seen, and outside quarantine. */
  quarantineReason: string | null;
  continuity: KnownContinuity;
  /** The device group it belongs to; 0 when it is in none. */
  groupId: number;
  /** The name that an operator gave it; null while it has only the one that its device states. */
  displayName: string | null;
  /** Null while the machine is in use. */
  retirement: Retirement | null;
  /**
   * When it was removed. Only a retired machine is removed; its row stays for the history that
   * refers to it.
   */
  removedAtMs: number | null;
}

/** From `atMs` on the machine's key is refused and nothing runs on it. */
export interface Retirement {
  atMs: number;
  /** Name of the application or user. */
  by: string;
  reason: string;
}

/** The name under which the API shows a machine, finds it, and records it in new actions. */
export const machineName = ({ displayName, facts }: Pick<Machine, "displayName" | "facts">): string =>
  displayName ?? facts.computerDnsName;

/** Which machines a list shows. Removed machines are in none. */
export type MachineLife = "inUse" | "retired" | "all";

/** What the work of a link needs to know of its machine. */
export type MachineLink = Pick<Machine, "id" | "linked" | "linkEpoch" | "journalId" | "lastOrderSeq"> & {
  isRetired: boolean;
};

/**
 * Contract values of `healthStatus` that this server can know (docs/contract/http-api.md#machines).
 */
export type HealthStatus = "Active" | "Inactive" | "ImpairedCommunication";

/** Seven days without a word: the contract's Inactive. */
const INACTIVE_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Active while its link is up or was a moment ago; ImpairedCommunication when it is away; Inactive
 * after seven days, and as soon as the machine is retired. `graceMs`: how long a link may be gone
 * (a restart, a roaming laptop) before that is told.
 */
export function healthStatus(
  machine: Pick<Machine, "linked" | "lastSeenMs" | "retirement">,
  nowMs: number,
  graceMs: number,
): HealthStatus {
  if (machine.retirement) return "Inactive";
  if (machine.linked) return "Active";
  const awayMs = nowMs - machine.lastSeenMs;
  if (awayMs <= graceMs) return "Active";
  return awayMs <= INACTIVE_AFTER_MS ? "ImpairedCommunication" : "Inactive";
}

/**
 * Onboarded from the first time its agent was linked; before that only its key is known. A retired
 * machine is one whose device may be enrolled: CanBeOnboarded. Source:
 * docs/contract/http-api.md#machines.
 */
export function onboardingStatus({
  journalId,
  quarantined,
  retirement,
}: Pick<Machine, "journalId" | "quarantined" | "retirement">): string {
  if (retirement) return "CanBeOnboarded";
  return journalId === null || quarantined ? "InsufficientInfo" : "Onboarded";
}
