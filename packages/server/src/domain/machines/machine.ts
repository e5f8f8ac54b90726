import type { MachineFacts, SignedSecretKey } from "@halligan/protocol/link";
import type { KnownContinuity } from "./clone-detection.ts";

export interface Machine {
  id: string;
  facts: MachineFacts;
  /** What its agent can do, as its last hello said; empty before the first one. */
  features: readonly string[];
  tags: readonly string[];
  firstSeenMs: number;
  lastSeenMs: number;
  lastExternalIp: string | null;
  /** The machine is connected. */
  linked: boolean;
  /** The node that has its connection, or had the last one. */
  nodeId: string | null;
  /** Grows with every accepted connection. */
  connectionEpoch: number;
  /** The journal of the last hello; null before the first one. */
  journalId: string | null;
  lastOrderSeq: number;
  /**
   * Two devices were seen with this machine's key, or an operator does not trust it. The machine
   * accepts no work.
   */
  quarantined: boolean;
  /**
   * Why an operator put it in quarantine. Null outside quarantine, and when two devices were seen.
   */
  quarantineReason: string | null;
  continuity: KnownContinuity;
  /** The device group it belongs to; 0 when it is in none. */
  groupId: number;
  /** The name that an operator gave it. Null while it has only the name that its device reports. */
  displayName: string | null;
  /** Null while the machine is in use. */
  retirement: Retirement | null;
  /**
   * When it was removed. Only a retired machine can be removed. Its row stays, because the history
   * refers to it.
   */
  removedAtMs: number | null;
  /** Where secrets are encrypted to; null when its agent has announced no key. */
  secretKey: SignedSecretKey | null;
}

/** From `atMs` on the machine's key is refused and nothing runs on it. */
export interface Retirement {
  atMs: number;
  /** Name of the application or user. */
  by: string;
  reason: string;
}

/** The name under which the API shows and finds a machine and which new actions record. */
export const machineName = ({ displayName, facts }: Pick<Machine, "displayName" | "facts">): string =>
  displayName ?? facts.computerDnsName;

/** The machines that a list shows. No list shows removed machines. */
export type MachineLife = "inUse" | "retired" | "all";

/** The facts about a machine that its connection needs to find work. */
export type MachineConnection = Pick<
  Machine,
  "id" | "linked" | "connectionEpoch" | "journalId" | "lastOrderSeq" | "quarantined" | "quarantineReason"
> & {
  isRetired: boolean;
};

/** Whether a machine is there: what an action of it may wait for. */
export interface MachinePresence {
  linked: boolean;
  /** When its connection began, or ended if it has none; its enrollment before the first one. */
  lastSeenMs: number;
  /** It has said hello at least once. */
  hasConnected: boolean;
  quarantined: boolean;
}

/**
 * Contract values of `healthStatus` that this server can determine
 * (docs/contract/http-api.md#machines).
 */
export type HealthStatus = "Active" | "Inactive" | "ImpairedCommunication" | "NoSensorData";

/** The contract's Inactive: no connection for seven days. */
const INACTIVE_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Active while it is connected or was a moment ago. NoSensorData before its agent has connected for
 * the first time, and ImpairedCommunication when it is offline. Inactive after seven days, and as
 * soon as the machine is retired. `graceMs`: how long a connection may be gone (a restart, a
 * roaming laptop) before the machine counts as offline.
 */
export function healthStatus(
  machine: Pick<Machine, "linked" | "lastSeenMs" | "retirement" | "journalId">,
  nowMs: number,
  graceMs: number,
): HealthStatus {
  if (machine.retirement) return "Inactive";
  if (machine.linked) return "Active";
  const awayMs = nowMs - machine.lastSeenMs;
  if (awayMs > INACTIVE_AFTER_MS) return "Inactive";
  if (machine.journalId === null) return "NoSensorData";
  return awayMs <= graceMs ? "Active" : "ImpairedCommunication";
}

/**
 * Onboarded after its agent has connected once; before that only its key is known. CanBeOnboarded
 * for a retired machine, because its device may be enrolled again. Source:
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
