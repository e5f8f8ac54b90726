/**
 * Distinguishes a device from its copies by their connections (docs/decisions/0016-clones.md).
 * Pure.
 *
 * On each connection the server offers a new rolling value under a higher number. The device stores
 * it durably and confirms it. If the confirmation is lost, the device presents the value on its
 * next connection, which has the same meaning. From then on every other value of the machine is
 * old. The device itself never presents an old value, whatever crashed and whichever server was
 * restored, because the number that it holds only grows. An offer that was not confirmed makes no
 * value old, because it may have been lost.
 */

/** A value that the server made for one machine. `number` is part of `text`. */
export interface RollingValue {
  number: number;
  text: string;
}

/** What the server knows about the device of a machine. */
export interface KnownContinuity {
  /** The value that the device has confirmed; null when none is known. */
  held: RollingValue | null;
  /** The last value that was offered, confirmed or not. */
  offered: RollingValue | null;
  /** A value with a lower number belongs to a journal that the device has lost, or was replaced. */
  lowestNumber: number;
  /** The process of the last hello. Null before the first one and after one of link version 1. */
  processId: string | null;
  /** Processes of earlier hellos, newest first. They have ended, unless two run at once. */
  earlierProcessIds: readonly string[];
}

export const NO_CONTINUITY: KnownContinuity = {
  held: null,
  offered: null,
  lowestNumber: 0,
  processId: null,
  earlierProcessIds: [],
};

/**
 * Number of processes that are remembered. If a process returns after more than these, its value is
 * old as well, unless none of the others confirmed one.
 */
const MAX_EARLIER_PROCESSES = 8;

export interface PresentedContinuity {
  journalId: string;
  processId: string;
  /** `isGenuine`: the value was made with an accepted key. */
  rollingValue: (RollingValue & { isGenuine: boolean }) | null;
}

/**
 * The evidence that two devices use one key, or that a device was set back. The audit log contains
 * these names.
 */
export type CloneEvidence =
  /** The device presented a value that it had replaced before. */
  | "OldRollingValue"
  /** It presented another value under the number of its confirmed value. */
  | "OtherRollingValue"
  /** It presented no value, with a journal that had one. */
  | "RollingValueMissing"
  /** A process returned after another one had connected. */
  | "ProcessReturned"
  /** A process answered a probe while another one was connecting. */
  | "TwoProcesses"
  /** The same for agents of link version 1, which are distinguished by their journals. */
  | "TwoJournals"
  /** A second start of one command (docs/decisions/0007-a-start-is-granted.md). */
  | "TwoStarts";

export type HelloJudgement =
  /** The new knowledge, without the new offer. */
  | { kind: "sameDevice"; continuity: KnownContinuity }
  | { kind: "clone"; evidence: CloneEvidence }
  /**
   * The value is newer than all known values and not signed by a known key. It proves nothing in
   * either direction.
   */
  | { kind: "unknownValue" };

/** `journalId`: that of the machine's last hello. */
export function judgeContinuity(
  known: KnownContinuity,
  journalId: string | null,
  presented: PresentedContinuity,
): HelloJudgement {
  if (known.earlierProcessIds.includes(presented.processId)) return clone("ProcessReturned");
  const processes = withProcess(known, presented.processId);
  const value = presented.rollingValue;
  if (value === null) {
    if (presented.journalId !== journalId) {
      // A first connection, a lost journal, or a copy made without a journal. In the last case the
      // other device's value is old now.
      return sameDevice({ ...known, ...processes, held: null, lowestNumber: nextNumber(known) });
    }
    return known.held === null ? sameDevice({ ...known, ...processes }) : clone("RollingValueMissing");
  }
  if (value.number < known.lowestNumber) return clone("OldRollingValue");
  if (value.number === known.held?.number && value.text !== known.held.text) return clone("OtherRollingValue");
  // Only the newest texts are stored. An older offer is recognised by its number, because its key
  // may have been removed.
  const isKnown =
    value.text === known.held?.text ||
    value.text === known.offered?.text ||
    value.number < (known.offered?.number ?? 0);
  if (!value.isGenuine && !isKnown) return { kind: "unknownValue" };
  const { number, text } = value;
  return sameDevice(withHeld({ ...known, ...processes }, { number, text }));
}

/**
 * A hello of link version 1 has neither a value nor a process. The device may have been downgraded
 * to an older agent, which drops the value, so no later value is old for that reason. The previous
 * process has ended.
 */
export const afterOldHello = (known: KnownContinuity): KnownContinuity => ({
  ...known,
  held: null,
  lowestNumber: 0,
  ...withProcess(known, null),
});

/**
 * An operator ended the quarantine: the device that connects first is the machine. The next offer
 * has a higher number than all before, so the other device is detected by its old value.
 */
export const afterRelease = (known: KnownContinuity): KnownContinuity => ({
  held: null,
  offered: known.offered,
  lowestNumber: 0,
  processId: null,
  earlierProcessIds: [],
});

/**
 * The number of the next offer. It is above all offered numbers, including those of a server with
 * newer records than this one's.
 */
export const nextNumber = ({ offered, held, lowestNumber }: KnownContinuity): number =>
  Math.max(offered?.number ?? 0, held?.number ?? 0, lowestNumber - 1) + 1;

/** The device has stored this value durably, so its earlier ones are old. */
export const withHeld = (known: KnownContinuity, held: RollingValue): KnownContinuity => ({
  ...known,
  held,
  lowestNumber: Math.max(known.lowestNumber, held.number),
});

function withProcess(
  { processId, earlierProcessIds }: KnownContinuity,
  next: string | null,
): Pick<KnownContinuity, "processId" | "earlierProcessIds"> {
  if (processId === null || processId === next) return { processId: next, earlierProcessIds };
  return {
    processId: next,
    earlierProcessIds: [processId, ...earlierProcessIds].slice(0, MAX_EARLIER_PROCESSES),
  };
}

const sameDevice = (continuity: KnownContinuity): HelloJudgement => ({ kind: "sameDevice", continuity });
const clone = (evidence: CloneEvidence): HelloJudgement => ({ kind: "clone", evidence });
