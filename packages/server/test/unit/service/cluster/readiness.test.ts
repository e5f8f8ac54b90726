import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_CLOCK_OFFSET_MS,
  type ReadinessFacts,
  readinessWarnings,
  unready,
} from "../../../../src/service/cluster/readiness.ts";

const lease = { isHeld: true, clockOffsetMs: 0, contradiction: null };
const NO_DISK = { databaseFreeBytes: null, resultsFreeBytes: null, reserveBytes: 0 };
const READY: ReadinessFacts = { isStopping: false, lease, bus: { isConnected: true }, disk: NO_DISK };

const TABLE: [string, Partial<ReadinessFacts>, RegExp[]][] = [
  ["a node with all it needs", {}, []],
  ["a node of its own", { lease: null, bus: null }, []],
  ["one that stops", { isStopping: true }, [/^node: it stops$/]],
  ["one whose database is away", { lease: { ...lease, isHeld: false } }, [/^database: it does not answer$/]],
  ["one without its bus", { bus: { isConnected: false } }, [/^bus: it is not connected$/]],
  ["the last offset that is let pass", { lease: { ...lease, clockOffsetMs: -MAX_CLOCK_OFFSET_MS } }, []],
  ["a clock ahead", { lease: { ...lease, clockOffsetMs: -2_001 } }, [/^clock: .* 2001 ms ahead of the database's$/]],
  ["a clock behind", { lease: { ...lease, clockOffsetMs: 3_000 } }, [/^clock: .* 3000 ms behind the database's$/]],
  [
    "one that lost its place to a node with other settings",
    { lease: { ...lease, isHeld: false, contradiction: "the keys differ" } },
    [/^node: the keys differ$/],
  ],
  [
    "one whose database has a full disk",
    { disk: { databaseFreeBytes: 1_000_000, resultsFreeBytes: 1_000_000, reserveBytes: 0 } },
    [/^disk: the file system of the database is full$/],
  ],
  [
    "everything at once",
    { isStopping: true, lease: { ...lease, isHeld: false, clockOffsetMs: 9_000 }, bus: { isConnected: false } },
    [/^node/, /^database/, /^clock/, /^bus/],
  ],
];

for (const [name, facts, wanted] of TABLE) {
  test(`readiness of ${name}: ${wanted.length === 0 ? "ready" : "lists what is missing"}`, () => {
    const told = unready({ ...READY, ...facts }).map(({ part, reason }) => `${part}: ${reason}`);
    assert.equal(told.length, wanted.length, told.join("; "));
    for (const [index, pattern] of wanted.entries()) assert.match(told[index] ?? "", pattern);
  });
}

test("a full reserve and a certificate near its end are warnings and keep no node from its work", () => {
  const disk = { databaseFreeBytes: 600_000_000, resultsFreeBytes: 530_000_000, reserveBytes: 530_000_000 };
  assert.deepEqual(unready({ ...READY, disk }), []);
  const told = readinessWarnings({ certificate: ["it expires"], disk });
  assert.deepEqual(
    told.map(({ part }) => part),
    ["certificate", "disk"],
  );
  assert.deepEqual(readinessWarnings({ certificate: [], disk: { ...disk, reserveBytes: 500_000_000 } }), []);
});
