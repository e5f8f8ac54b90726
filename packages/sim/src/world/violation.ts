/** The invariants. For each one, a mutation breaks it (`test/mutations`). */
export const INVARIANTS = {
  oneUnfinishedAction: "at most one unfinished action a machine",
  commandsInOrder: "commands start in order, and nothing after a failure",
  neverTwice: "no script is started a second time",
  startsAreGranted: "a script begins only by a grant that the server itself sent, and sent not long before",
  finalStays: "a final status is never left",
  everyActionEnds: "every action is final within its deadlines and some slack",
  noEarlyTimeOut: "no action times out before its deadline, or while a clock was only wrong for a moment",
  resultsStay: "what was acknowledged or shown as Completed can be read",
  auditIsTrue: "the audit says what happened, each thing once",
  slotLimitHolds: "no session takes a place when all are taken",
  slotsAreFreed: "no action holds a session slot for longer than its bound, whatever its device does",
  boundsSpareTheHonest: "no action of a device that keeps its limits ends by its bound",
  oneOrderAtATime: "no order is sent while processes of the order before may still run",
  clonesAreFound:
    "once a device has confirmed a value of its own, no copy of it is answered; and nothing starts before that",
  quarantineHolds: "two living devices with one key are put in quarantine, and nothing is sent there any more",
  retirementHolds:
    "once a retirement is answered, no script starts on the machine and none of its actions is unfinished",
  oneActionPerKey: "starts that are repeated with one Idempotency-Key make one action",
  notBeforeHolds: "no action is released before its start time",
  runsAsItsUser: "a script runs as the user that its caller chose, or not at all",
  reasonsAreTrue: "each unfinished action has one reason why it waits, and the reason is true",
  journalIsSynced: "what a device has written into its journal is synced soon",
  nothingBreaks: "no part fails in an unplanned way",
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** Something that must never happen has happened. */
export class ViolationError extends Error {
  override name = "ViolationError";
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(`${INVARIANTS[invariant]}: ${detail}`);
    this.invariant = invariant;
  }
}
