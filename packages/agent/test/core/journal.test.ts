import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  acknowledgement,
  fold,
  type JournalRecord,
  type JournalState,
  snapshot,
} from "../../src/core/journal/journal.ts";
import { encodeLine, readJournal } from "../../src/core/journal/journal-text.ts";
import { fetchFile, script, World } from "../support/fake-ports.ts";

const world = new World();
const BEGINNING: JournalRecord[] = [{ type: "journal", version: 1, journalId: "1".padStart(32, "0") }];

/**
 * Lists of records as an agent may write them: order after order, each through any part of its
 * life.
 */
const batches = fc
  .array(fc.record({ steps: fc.nat(6), ending: fc.boolean(), gap: fc.integer({ min: 1, max: 5 }) }), { maxLength: 6 })
  .map((lives) => {
    const list: JournalRecord[][] = [BEGINNING];
    let orderSeq = 0;
    for (const { steps, ending, gap } of lives) {
      orderSeq += gap;
      const at = { orderSeq, index: 0 };
      const life: JournalRecord[][] = [
        [
          { type: "accepted", order: world.order(orderSeq, [script(0), fetchFile(1)]) },
          { type: "started", ...at, startId: "9".repeat(32) },
        ],
        [{ type: "process", ...at, pid: 9, startTime: "5", bootId: "b" }],
        [{ type: "scriptEnded", ...at, outcome: "failed", errors: ["x"], exitCode: 1, ran: true }],
        [{ type: "ended", ...at, outcome: "failed", errors: ["x"], result: { kind: "inline", transcript: "{}" } }],
        [{ type: "acked", ...at }],
        [{ type: "forgotten", orderSeq }],
      ];
      const cut = life.slice(0, steps);
      if (ending && steps > 1 && steps < 6) {
        cut.push([{ type: "ending", orderSeq }], [{ type: "closed", orderSeq, errors: [] }]);
      }
      list.push(...cut);
    }
    return list;
  });

function write(list: readonly JournalRecord[][]): { bytes: Buffer; ends: number[] } {
  let hash = "";
  let bytes = Buffer.alloc(0);
  const ends: number[] = [];
  for (const records of list) {
    const line = encodeLine(hash, records);
    hash = line.hash;
    bytes = Buffer.concat([bytes, line.bytes]);
    ends.push(bytes.length);
  }
  return { bytes, ends };
}

const foldAll = (list: readonly JournalRecord[]) =>
  list.reduce<JournalState | null>((state, record) => fold(state, record), null);

test("whatever prefix of the journal a crash leaves, the state is that of the lines that were whole", () => {
  fc.assert(
    fc.property(batches, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const { bytes, ends } = write(list);
      const length = Math.floor(bytes.length * share);
      const whole = ends.filter((end) => end <= length).length;
      const read = readJournal(bytes.subarray(0, length));
      if (whole === 0) return assert.equal(read.kind, "empty");
      assert.ok(read.kind === "read");
      assert.deepEqual(read.state, foldAll(list.slice(0, whole).flat()));
      assert.equal(read.tornBytes, length - (ends[whole - 1] ?? 0));
    }),
  );
});

test("the highest order number never falls, whatever is forgotten or compacted", () => {
  fc.assert(
    fc.property(batches, (list) => {
      let highest = 0;
      let state: JournalState | null = null;
      for (const record of list.flat()) {
        state = fold(state, record);
        assert.ok(state.highestOrderSeq >= highest);
        highest = state.highestOrderSeq;
        assert.equal(foldAll(snapshot(state))?.highestOrderSeq, highest);
      }
    }),
  );
});

test("a compacted journal folds to the same state", () => {
  fc.assert(
    fc.property(batches, (list) => {
      const state = foldAll(list.flat());
      assert.ok(state);
      assert.deepEqual(foldAll(snapshot(state)), state);
    }),
  );
});

test("a changed byte before the last line means that the journal is lost", () => {
  fc.assert(
    fc.property(batches, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, at, mask) => {
      const { bytes, ends } = write(list);
      const lastLineAt = ends.at(-2);
      if (lastLineAt === undefined) return;
      const place = at % lastLineAt;
      bytes[place] = (bytes[place] ?? 0) ^ mask;
      assert.equal(readJournal(bytes).kind, "lost");
    }),
  );
});

test("a changed line feed before the last line does not make two lines pass for one that was being written", () => {
  const list = [BEGINNING, [{ type: "highest", orderSeq: 4 }], [{ type: "highest", orderSeq: 5 }]] as JournalRecord[][];
  for (const mask of [1, 0x2a, 0x57, 0xff]) {
    for (const cut of [0, 1, 8]) {
      const { bytes, ends } = write(list);
      const place = (ends.at(-2) ?? 0) - 1;
      bytes[place] = (bytes[place] ?? 0) ^ mask;
      assert.equal(readJournal(bytes.subarray(0, bytes.length - cut)).kind, "lost", `${mask}, ${cut} bytes short`);
    }
  }
});

test("a line that is left out, repeated or exchanged with its neighbour is noticed", () => {
  const list = [
    BEGINNING,
    [{ type: "highest", orderSeq: 4 }],
    [{ type: "highest", orderSeq: 5 }],
    [{ type: "highest", orderSeq: 6 }],
  ];
  const lines = write(list as JournalRecord[][])
    .bytes.toString()
    .trimEnd()
    .split("\n");
  const [a = "", b = "", c = "", d = ""] = lines;
  for (const wrong of [
    [a, c, d],
    [a, b, b, c, d],
    [a, c, b, d],
  ]) {
    assert.equal(readJournal(Buffer.from(`${wrong.join("\n")}\n`)).kind, "lost");
  }
});

test("the acknowledgement of the last end that was owed forgets the order with it; one that says nothing new adds nothing", () => {
  const order = world.order(1, [script(0), fetchFile(1)]);
  const at = (index: number) => ({ orderSeq: 1, index });
  const end = { outcome: "completed" as const, errors: [], result: null };
  const list: JournalRecord[] = [
    ...BEGINNING,
    { type: "accepted", order },
    { type: "started", ...at(0), startId: "9".repeat(32) },
    { type: "ended", ...at(0), ...end },
  ];
  const of = (index: number) => ({ actionId: order.actionId, ...at(index) });
  const stateOf = (more: JournalRecord[] = []) => foldAll([...list, ...more]) ?? assert.fail();
  const first = acknowledgement(stateOf(), of(0));
  assert.deepEqual(first, [{ type: "acked", ...at(0) }]);
  assert.deepEqual(acknowledgement(stateOf(), of(1)), []);
  assert.deepEqual(acknowledgement(stateOf(), { ...of(0), actionId: "another" }), []);
  assert.deepEqual(acknowledgement(stateOf(first), of(0)), []);
  const second: JournalRecord[] = [
    ...first,
    { type: "started", ...at(1), startId: "8".repeat(32) },
    { type: "ended", ...at(1), ...end },
  ];
  assert.deepEqual(acknowledgement(stateOf(second), of(1)), [
    { type: "acked", ...at(1) },
    { type: "forgotten", orderSeq: 1 },
  ]);
  // An order that the server has ended is forgotten when the server says so.
  assert.deepEqual(acknowledgement(stateOf([...second, { type: "ending", orderSeq: 1 }]), of(1)), [
    { type: "acked", ...at(1) },
  ]);
});
