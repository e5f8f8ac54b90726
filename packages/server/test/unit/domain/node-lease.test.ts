import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  findLapsedNodes,
  HEARTBEAT_INTERVAL_MS,
  isSweeperAmong,
  LEASE_MS,
  type NodeFacts,
  type Observations,
  whyNotTogether,
} from "../../../src/domain/cluster/node-lease.ts";

const facts = (change: Partial<NodeFacts> = {}): NodeFacts => ({
  version: "0.1.0",
  publicUrl: "https://halligan.test",
  bus: "nats://bus:4222",
  blobs: "s3 amazon/evidence/",
  keys: { signs: ["order a"], accepts: ["order a"] },
  ...change,
});
const FIRST_LOOK = { observations: new Map() as Observations, observedAtMs: Number.NEGATIVE_INFINITY };

test("a node that beats whenever the database is there is never lapsed, whatever pauses the one that looks makes", () => {
  const stretch = fc.record({
    upMs: fc.integer({ min: 1, max: 3 * LEASE_MS }),
    awayMs: fc.integer({ min: 2 * HEARTBEAT_INTERVAL_MS + 1, max: 5 * LEASE_MS }),
    /**
     * The database is back, and the first heartbeat has not reached it yet. The node must detect
     * it.
     */
    lateMs: fc.integer({ min: 0, max: LEASE_MS - 2 * HEARTBEAT_INTERVAL_MS }),
    lookEveryMs: fc.integer({ min: 500, max: 2 * HEARTBEAT_INTERVAL_MS }),
  });
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 8 }), (stretches) => {
      let before = FIRST_LOOK;
      let [backMs, heartbeat] = [0, 0];
      for (const { upMs, awayMs, lateMs, lookEveryMs } of stretches) {
        const heartbeatsBefore = heartbeat;
        for (let nowMs = backMs; nowMs < backMs + upMs; nowMs += lookEveryMs) {
          heartbeat = heartbeatsBefore + Math.max(0, Math.ceil((nowMs - backMs - lateMs) / HEARTBEAT_INTERVAL_MS));
          const look = findLapsedNodes([{ id: "n", heartbeat, facts: facts() }], before, nowMs);
          assert.deepEqual(look.lapsed, [], `at ${nowMs} ms`);
          before = { observations: look.observations, observedAtMs: nowMs };
        }
        // Neither heartbeats nor reads succeed.
        backMs += upMs + awayMs;
      }
    }),
  );
});

test("a node that stands still has lapsed after a lease of steady looking, and not before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 2 * HEARTBEAT_INTERVAL_MS }), { minLength: 40, maxLength: 60 }),
      (gapsMs) => {
        let before = FIRST_LOOK;
        let nowMs = 0;
        let firstMs: number | null = null;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          firstMs ??= nowMs;
          const { lapsed, observations } = findLapsedNodes(
            [{ id: "dead", heartbeat: 7, facts: facts() }],
            before,
            nowMs,
          );
          assert.equal(lapsed.length > 0, nowMs - firstMs >= LEASE_MS);
          before = { observations, observedAtMs: nowMs };
        }
      },
    ),
  );
});

test("after a pause of the checks every lease begins again: no node could renew one while the database was unavailable", () => {
  const dead = [{ id: "n", heartbeat: 1, facts: facts() }];
  const first = findLapsedNodes(dead, FIRST_LOOK, 0);
  const paused = findLapsedNodes(dead, { observations: first.observations, observedAtMs: 0 }, 10 * LEASE_MS);
  assert.deepEqual(paused.lapsed, []);
  const soon = findLapsedNodes(
    dead,
    { observations: paused.observations, observedAtMs: 10 * LEASE_MS },
    10 * LEASE_MS + HEARTBEAT_INTERVAL_MS,
  );
  assert.deepEqual(soon.lapsed, []);
});

test("the first of the living isSweeperAmong, so that there is one and never none", () => {
  const nodes = ["a", "b", "c"].map((id) => ({ id, heartbeat: 1, facts: facts() }));
  const sweepers = (lapsed: string[]) => ["a", "b", "c"].filter((id) => isSweeperAmong(id, nodes, lapsed));
  assert.deepEqual(sweepers([]), ["a"]);
  assert.deepEqual(sweepers(["a"]), ["a", "b"], "one that is taken for dead may not know it yet");
  assert.deepEqual(
    sweepers(["a", "b"]).filter((id) => id > "b"),
    ["c"],
  );
});

const name = fc.constantFrom("x", "y");
const someFacts: fc.Arbitrary<NodeFacts> = fc.record({
  version: name,
  publicUrl: name,
  bus: fc.option(name),
  blobs: fc.option(name),
  keys: fc.record({ signs: fc.array(name, { maxLength: 2 }), accepts: fc.array(name, { maxLength: 2 }) }),
});

test("whether two nodes can run together does not depend on which of them asks", () => {
  fc.assert(
    fc.property(someFacts, someFacts, (one, other) => {
      assert.equal(whyNotTogether(one, other) === null, whyNotTogether(other, one) === null);
    }),
  );
});

test("each kind of contradiction is named with the setting that resolves it", () => {
  const rows: [Partial<NodeFacts>, Partial<NodeFacts>, RegExp][] = [
    [{ bus: null }, {}, /this node has no bus: .*HALLIGAN_BUS_URL/],
    [{}, { bus: null }, /the other node has no bus: .*HALLIGAN_BUS_URL/],
    [{ bus: "nats://b:1" }, {}, /nats:\/\/b:1 here, nats:\/\/bus:4222 there \(HALLIGAN_BUS_URL\)/],
    [{ blobs: null }, {}, /this node keeps its bytes on its own disk: .*HALLIGAN_BLOBS/],
    [{}, { blobs: null }, /the other node keeps its bytes on its own disk: .*HALLIGAN_BLOBS/],
    [{ blobs: "s3 b" }, {}, /the blob stores differ: .*HALLIGAN_BLOBS/],
    [
      { keys: { signs: ["order b"], accepts: ["order b", "order a"] } },
      {},
      /keys differ \(order b\).*HALLIGAN_KEYS_DIR/,
    ],
    [{ publicUrl: "https://b" }, {}, /public URLs differ: .*HALLIGAN_PUBLIC_URL/],
  ];
  for (const [mine, other, wanted] of rows) assert.match(whyNotTogether(facts(mine), facts(other)) ?? "null", wanted);
  assert.equal(whyNotTogether(facts(), facts({ version: "0.2.0" })), null, "another version is what an upgrade has");
});

test("in a rotation nodes run together as long as each accepts what the other signs with", () => {
  const keys = (signs: string, ...others: string[]) => facts({ keys: { signs: [signs], accepts: [signs, ...others] } });
  assert.equal(whyNotTogether(keys("old", "new"), keys("new", "old")), null);
  assert.match(whyNotTogether(keys("old"), keys("new", "old")) ?? "", /new/, "the new key was not known here first");
});
