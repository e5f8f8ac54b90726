/**
 * Tells one device from its copies on its connections (docs/decisions/0016-clones.md). Pure.
 *
 * On each connection the server offers a new rolling value under a higher number. The device makes it durable and
 * confirms it, or presents it next time, which says the same. From then on every other value of the machine is old: the
 * device itself never presents one again, whatever crashed and whichever server was restored, because what it holds only
 * grows. An offer that was not confirmed makes nothing old: it may have been lost on the way.
 */

/** Handed out by the server for one machine. `number` is part of `text`. */
export interface RollingValue {
  number: number;
  text: string;
}

/** What the server knows of the device behind a machine. */
export interface KnownContinuity {
  /** What the device certainly has, by its own word; null when it has none that is known. */
  held: RollingValue | null;
  /** Handed out last, confirmed or not. */
  offered: RollingValue | null;
  /** A value under a lower number belongs to a journal that the device has lost, or was replaced. */
  lowestNumber: number;
  /** The process of the last hello; null before the first one and after one of link version 1. */
  processId: string | null;
  /** Processes of earlier hellos, the newest first: they have ended, or two run at once. */
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
 * How many are remembered. A process that returns after more others presents an old value as well, unless none of the
 * others ever confirmed one.
 */
const MAX_EARLIER_PROCESSES = 8;

export interface PresentedContinuity {
  journalId: string;
  processId: string;
  /** `isGenuine`: a key that is accepted here made it. */
  rollingValue: (RollingValue & { isGenuine: boolean }) | null;
}

/** What proves that two devices use one key, or that one was set back. Names of this list stand in the audit. */
export type CloneEvidence =
  /** A value that the device has replaced since. */
  | "OldRollingValue"
  /** Another value under the number of the one that the device holds. */
  | "OtherRollingValue"
  /** No value, with the journal that has held one. */
  | "RollingValueMissing"
  /** A process that another one had followed. */
  | "ProcessReturned"
  /** A process that answered while another one was connecting. */
  | "TwoProcesses"
  /** The same for agents of link version 1, which are told apart by their journals. */
  | "TwoJournals"
  /** A second start of one command (docs/decisions/0007-a-start-is-granted.md). */
  | "TwoStarts";

export type HelloJudgement =
  /** What is known from now on, but for the new offer. */
  | { kind: "sameDevice"; continuity: KnownContinuity }
  | { kind: "clone"; evidence: CloneEvidence }
  /** Newer than all that is known here and not signed by a known key: neither proof nor refutation. */
  | { kind: "unknownValue" };

/** `journalId`: of the machine's last hello. */
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
      // A first connection, a lost journal, or a copy that was made without one: then the other one's value is old now.
      return sameDevice({ ...known, ...processes, held: null, lowestNumber: nextNumber(known) });
    }
    return known.held === null ? sameDevice({ ...known, ...processes }) : clone("RollingValueMissing");
  }
  if (value.number < known.lowestNumber) return clone("OldRollingValue");
  if (value.number === known.held?.number && value.text !== known.held.text) return clone("OtherRollingValue");
  // Only the newest texts are stored. An offer before the last one is known by its number: its key may be gone by now.
  const isKnown =
    value.text === known.held?.text ||
    value.text === known.offered?.text ||
    value.number < (known.offered?.number ?? 0);
  if (!value.isGenuine && !isKnown) return { kind: "unknownValue" };
  const { number, text } = value;
  return sameDevice(withHeld({ ...known, ...processes }, { number, text }));
}

/**
 * A hello of link version 1 shows neither value nor process. The device may have been given an older agent, which drops
 * the value: nothing that it presents later is old for that reason. A process of before has ended.
 */
export const afterOldHello = (known: KnownContinuity): KnownContinuity => ({
  ...known,
  held: null,
  lowestNumber: 0,
  ...withProcess(known, null),
});

/**
 * An operator took the quarantine back: whichever device connects first is the machine. What is
 * offered next has a higher number than all before, so the other device is found by its old value.
 */
export const afterRelease = (known: KnownContinuity): KnownContinuity => ({
  held: null,
  offered: known.offered,
  lowestNumber: 0,
  processId: null,
  earlierProcessIds: [],
});

/** The number of the next offer: above all that was handed out, also by a server whose records are newer than these. */
export const nextNumber = ({ offered, held, lowestNumber }: KnownContinuity): number =>
  Math.max(offered?.number ?? 0, held?.number ?? 0, lowestNumber - 1) + 1;

/** The device has made this value durable: what it had before is old. */
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
