import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  afterOldHello,
  judgeContinuity,
  type KnownContinuity,
  NO_CONTINUITY,
  nextNumber,
  type RollingValue,
  withHeld,
} from "../../../src/domain/machines/clone-detection.ts";

const JOURNAL = "1".repeat(32);
const OTHER_JOURNAL = "2".repeat(32);
const value = (number: number, text = `${number}.a`): RollingValue & { isGenuine: boolean } => ({
  number,
  text,
  isGenuine: true,
});
const plain = ({ number, text }: RollingValue): RollingValue => ({ number, text });
/** The device has confirmed 5, and 7 was the last offer. */
const KNOWN: KnownContinuity = {
  held: plain(value(5)),
  offered: plain(value(7)),
  lowestNumber: 5,
  processId: "p2",
  earlierProcessIds: ["p1"],
};

const judge = (
  rollingValue: (RollingValue & { isGenuine: boolean }) | null,
  { processId = "p3", journalId = JOURNAL, known = KNOWN } = {},
) => {
  const judged = judgeContinuity(known, JOURNAL, { processId, journalId, rollingValue });
  return judged.kind === "clone" ? judged.evidence : judged.kind;
};

test("the value that the device has confirmed, and any that was offered after it, is of the same device", () => {
  for (const number of [5, 6, 7]) assert.equal(judge(value(number)), "sameDevice");
});

test("a value before the confirmed one, and another one of the same number, prove a copy", () => {
  assert.equal(judge(value(4)), "OldRollingValue");
  assert.equal(judge(value(5, "5.b")), "OtherRollingValue");
});

test("a genuine value that is newer than the records is of the same device: the server was restored from a backup", () => {
  assert.equal(judge(value(90)), "sameDevice");
  const judged = judgeContinuity(KNOWN, JOURNAL, { processId: "p3", journalId: JOURNAL, rollingValue: value(90) });
  assert.ok(judged.kind === "sameDevice");
  assert.deepEqual([judged.continuity.lowestNumber, nextNumber(judged.continuity)], [90, 91]);
});

test("a newer value that no key of this server made is neither accepted nor taken for a copy", () => {
  assert.equal(judge({ ...value(90), isGenuine: false }), "unknownValue");
  assert.equal(judge({ ...value(7, "7.b"), isGenuine: false }), "unknownValue");
  // Made with a known key that was removed since.
  for (const number of [5, 6, 7]) assert.equal(judge({ ...value(number), isGenuine: false }), "sameDevice");
});

test("no value: with a new journal the device was wiped, with the journal that held one it is a copy", () => {
  assert.equal(judge(null, { journalId: OTHER_JOURNAL }), "sameDevice");
  assert.equal(judge(null), "RollingValueMissing");
  assert.equal(judge(null, { known: { ...KNOWN, held: null } }), "sameDevice");
});

test("after a hello with a new journal every value of the journal before is old, confirmed or not", () => {
  const judged = judgeContinuity(KNOWN, JOURNAL, { processId: "p3", journalId: OTHER_JOURNAL, rollingValue: null });
  assert.ok(judged.kind === "sameDevice");
  for (const number of [5, 6, 7]) assert.equal(judge(value(number), { known: judged.continuity }), "OldRollingValue");
  assert.equal(nextNumber(judged.continuity), 8);
});

test("a process that comes back after another one proves two, whatever it presents", () => {
  assert.equal(judge(value(7), { processId: "p1" }), "ProcessReturned");
  assert.equal(judge(value(7), { processId: "p2" }), "sameDevice");
});

test("after an agent of link version 1 nothing is old, but a process of before it does not come back", () => {
  const known = afterOldHello(KNOWN);
  assert.equal(judge(value(4), { known }), "sameDevice");
  assert.equal(judge(null, { known }), "sameDevice");
  assert.equal(judge(value(7), { known, processId: "p2" }), "ProcessReturned");
  assert.ok(nextNumber(known) > 7);
});

/**
 * One step of a device's life; each may be the last one of its process, connection, server or
 * backup.
 */
const step = fc.record({
  restartsAgent: fc.boolean(),
  losesJournal: fc.nat({ max: 9 }).map((n) => n === 0),
  offer: fc.constantFrom("lost", "kept", "confirmed"),
  server: fc.constantFrom("goes on", "goes on", "goes on", "forgets the answer", "restored"),
});

test("no device that is alone is ever taken for a copy, whatever crashes and whatever the server forgets", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      let known = NO_CONTINUITY;
      let knownJournal: string | null = null;
      const backups: { known: KnownContinuity; knownJournal: string | null }[] = [{ known, knownJournal }];
      let [process, journal, serial] = [0, 0, 0];
      let own: RollingValue | null = null;
      for (const { restartsAgent, losesJournal, offer, server } of steps) {
        if (server === "restored")
          ({ known, knownJournal } = backups[serial % backups.length] ?? { known, knownJournal });
        if (restartsAgent) process += 1;
        if (losesJournal) {
          [journal, own] = [journal + 1, null];
          process += 1;
        }
        const journalId = `journal ${journal}`;
        const rollingValue = own && { ...own, isGenuine: true };
        const judged = judgeContinuity(known, knownJournal, { processId: `${process}`, journalId, rollingValue });
        assert.equal(judged.kind, "sameDevice", JSON.stringify({ known, own, judged }));
        if (judged.kind !== "sameDevice" || server === "forgets the answer") continue;
        const number = nextNumber(judged.continuity);
        const offered = { number, text: `${number}.${++serial}` };
        known = { ...judged.continuity, offered };
        knownJournal = journalId;
        if (offer !== "lost") own = offered;
        if (offer === "confirmed") known = withHeld(known, offered);
        backups.push({ known, knownJournal });
      }
    }),
    { numRuns: 3_000 },
  );
});
