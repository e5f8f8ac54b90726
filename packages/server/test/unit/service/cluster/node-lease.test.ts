import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pino } from "pino";
import { until } from "../../../../../protocol/test/support/until.ts";
import { HEARTBEAT_INTERVAL_MS, LEASE_MS, type NodeFacts } from "../../../../src/domain/cluster/node-lease.ts";
import { NodeContradictionError, NodeLease } from "../../../../src/service/cluster/node-lease.ts";
import { PostgresStore } from "../../../../src/store/postgres/postgres-store.ts";
import type { Store } from "../../../../src/store/store.ts";
import { openTestPostgres } from "../../../support/postgres-databases.ts";
import { LIMITS, testServices } from "../../../support/test-services.ts";
import { sampleAction, sampleOrder } from "../../domain/sample-action.ts";

const FACTS: NodeFacts = {
  version: "0.1.0",
  publicUrl: "https://halligan.test",
  bus: "nats://bus:4222",
  blobs: "s3 amazon/evidence/",
  keys: { signs: ["order a"], accepts: ["order a"] },
};
const CONTRADICTIONS: readonly Partial<NodeFacts>[] = [
  { bus: null },
  { bus: "nats://other:4222" },
  { blobs: null },
  { blobs: "s3 amazon/other/" },
  { keys: { signs: ["order b"], accepts: ["order b"] } },
  { publicUrl: "https://other.test" },
];

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`leases of nodes (${postgres})`, { skip: postgres });
else {
  after(() => postgres[Symbol.asyncDispose]());

  /** Nodes of one database under one clock that the test sets. */
  const openNodes = async () => {
    await using opening = new AsyncDisposableStack();
    const database = opening.use(await postgres.createDatabase());
    const store = opening.adopt(await PostgresStore.open({ url: database.url }), (open) => open.close());
    const services = opening.use(await testServices({}, { store }));
    const clock = { monotonicMs: 0, databaseAheadMs: 0 };
    const living = new Set<NodeLease>();
    const opened = opening.move();

    /** `on`: the node's view of the store; `whileWaiting`: what others do while this one waits. */
    const join = async (
      change: Partial<NodeFacts> = {},
      on: { store?: Store; wait?: (delayMs: number) => Promise<void>; onClose?: () => Promise<void> } = {},
    ) => {
      const node = { id: "" };
      const seen = { closed: 0 };
      const context = {
        ...services.context,
        node,
        store: on.store ?? store,
        clock: { ...services.context.clock, monotonicMs: () => clock.monotonicMs },
        log: pino({ level: "silent" }),
      };
      const lease = await NodeLease.join({
        service: context,
        facts: { ...FACTS, ...change },
        node,
        closeConnections: async () => {
          seen.closed += 1;
          await on.onClose?.();
        },
        wait: on.wait ?? pass,
        databaseNowMs: async () => context.clock.nowMs() + clock.databaseAheadMs,
      });
      living.add(lease);
      return { lease, node, seen, context };
    };
    const heartbeatAll = async () => {
      for (const lease of living) {
        await lease.heartbeat();
        if (lease.isSweeper) await lease.reapLapsedNodes();
      }
    };
    /** Advances the time, in which the living nodes send heartbeats. */
    const pass = async (delayMs: number) => {
      for (let leftMs = delayMs; leftMs > 0; leftMs -= HEARTBEAT_INTERVAL_MS) {
        clock.monotonicMs += Math.min(leftMs, HEARTBEAT_INTERVAL_MS);
        await heartbeatAll();
      }
    };
    const ids = async () => (await store.read((tx) => tx.nodes.all())).map(({ id }) => id).sort();
    return {
      store,
      services,
      clock,
      join,
      pass,
      ids,
      die: (lease: NodeLease) => living.delete(lease),
      isAnyAlive: () => living.size > 0,
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  };

  test("a node that contradicts a living one in anything does not start, and leaves nothing behind", async () => {
    await using nodes = await openNodes();
    const first = await nodes.join();
    for (const change of CONTRADICTIONS) {
      await assert.rejects(nodes.join(change), NodeContradictionError, JSON.stringify(change));
      assert.deepEqual(await nodes.ids(), [first.node.id]);
      assert.equal(first.lease.isHeld, true);
    }
  });

  test("one that contradicts a node that only seems to live waits for a lease and takes over", async () => {
    await using nodes = await openNodes();
    const dead = await nodes.join();
    nodes.die(dead.lease);
    const startedMs = nodes.clock.monotonicMs;
    const next = await nodes.join({ publicUrl: "https://other.test" });
    assert.deepEqual(await nodes.ids(), [next.node.id]);
    assert.ok(nodes.clock.monotonicMs - startedMs >= LEASE_MS);
  });

  test("of contradicting nodes that start at the same moment exactly one stays, however often it is tried", async () => {
    await using nodes = await openNodes();
    for (let round = 0; round < 10; round += 1) {
      // The wait takes no real time. It begins once one node has registered.
      const wait = async (delayMs: number) => {
        await until(() => nodes.isAnyAlive(), "a registered node");
        await nodes.pass(delayMs);
      };
      const started = await Promise.allSettled(
        [1, 2, 3, 4].map((n) => nodes.join({ publicUrl: `https://node-${n}.test` }, { wait })),
      );
      const stayed = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      assert.equal(stayed.length, 1);
      assert.deepEqual(
        await nodes.ids(),
        stayed.map(({ node }) => node.id),
      );
      for (const { lease } of stayed) {
        nodes.die(lease);
        await lease.leave();
      }
    }
  });

  test("nodes that agree all stay", async () => {
    await using nodes = await openNodes();
    await Promise.all([nodes.join(), nodes.join(), nodes.join()]);
    assert.equal((await nodes.ids()).length, 3);
  });

  test("when a lease expires, the node's machines are offline, its running sessions keep their slot for the grace, and other nodes are unchanged", async () => {
    await using nodes = await openNodes();
    const [dead, alive] = [await nodes.join(), await nodes.join()];
    const there = await nodes.services.addMachine({ nodeId: dead.node.id });
    const here = await nodes.services.addMachine({ nodeId: alive.node.id });
    const running = sampleAction({ machineId: there.id, status: "InProgress", deadlineMs: null, order: sampleOrder() });
    await nodes.store.write((tx) => tx.actions.insert(running));
    nodes.die(dead.lease);

    await nodes.pass(LEASE_MS - HEARTBEAT_INTERVAL_MS);
    assert.equal((await nodes.store.read((tx) => tx.machines.byId(there.id)))?.linked, true);
    await nodes.pass(3 * HEARTBEAT_INTERVAL_MS);
    const machines = await nodes.store.read(async (tx) => [
      (await tx.machines.byId(there.id))?.linked,
      (await tx.machines.byId(here.id))?.linked,
    ]);
    assert.deepEqual(machines, [false, true]);
    const action = await nodes.store.read((tx) => tx.actions.byId(running.id));
    const nowMs = nodes.services.time.nowMs;
    assert.deepEqual(action?.slot, { held: true, untilMs: nowMs + LIMITS.sessionPlaceGraceMs });
    assert.equal(action?.deadlineMs, nowMs + LIMITS.lostMachineTimeoutMs);
    assert.deepEqual(await nodes.ids(), [alive.node.id]);
  });

  test("links that a sweeper left behind when it died between the row and them are forgotten by the next one", async () => {
    await using nodes = await openNodes();
    await nodes.join();
    const machine = await nodes.services.addMachine({ nodeId: "a node whose row is gone" });
    await nodes.pass(HEARTBEAT_INTERVAL_MS);
    assert.equal((await nodes.store.read((tx) => tx.machines.byId(machine.id)))?.linked, false);
  });

  test("a node that takes its place while the sweeper looks is not taken for a dead one", async () => {
    await using nodes = await openNodes();
    let isNew = false;
    const store: Store = {
      ...pick(nodes.store),
      // A node and its first connection arrive between the sweeper's two queries.
      async read(work) {
        const answer = await nodes.store.read(work);
        if (isNew) {
          isNew = false;
          const fresh = await nodes.join();
          await nodes.services.addMachine({ id: "f".repeat(40), nodeId: fresh.node.id });
        }
        return answer;
      },
    };
    const sweeper = await nodes.join({}, { store });
    await nodes.pass(HEARTBEAT_INTERVAL_MS);
    assert.equal(sweeper.lease.isSweeper, true);
    isNew = true;
    await sweeper.lease.reapLapsedNodes();
    assert.equal((await nodes.store.read((tx) => tx.machines.byId("f".repeat(40))))?.linked, true);
    assert.equal((await nodes.ids()).length, 2);
  });

  test("a node that was taken for dead has a new name before it closes its links, so that none is known under the old one", async () => {
    await using nodes = await openNodes();
    let nameAtClose = "";
    const hung = await nodes.join(
      {},
      {
        onClose: async () => {
          nameAtClose = hung.node.id;
        },
      },
    );
    const oldName = hung.node.id;
    const other = await nodes.join();
    nodes.die(hung.lease);
    await nodes.pass(LEASE_MS + 2 * HEARTBEAT_INTERVAL_MS);
    assert.deepEqual(await nodes.ids(), [other.node.id]);
    assert.equal(hung.lease.isHeld, false);

    await hung.lease.heartbeat();
    assert.equal(hung.seen.closed, 1);
    assert.equal(hung.lease.isHeld, true);
    assert.notEqual(nameAtClose, oldName);
    assert.deepEqual(await nodes.ids(), [nameAtClose, other.node.id].sort());
    await hung.lease.heartbeat();
    assert.equal(hung.seen.closed, 1, "once");
  });

  test("a node that returns and contradicts a running node takes no place, closes its connections and logs why", async () => {
    await using nodes = await openNodes();
    const hung = await nodes.join();
    nodes.die(hung.lease);
    const next = await nodes.join({ publicUrl: "https://other.test" });
    await assert.rejects(hung.lease.heartbeat(), NodeContradictionError);
    assert.match(hung.lease.contradiction ?? "", /HALLIGAN_PUBLIC_URL/);
    assert.deepEqual([hung.lease.isHeld, hung.lease.isSweeper, hung.seen.closed], [false, false, 1]);
    await next.lease.leave();
    await hung.lease.heartbeat();
    assert.deepEqual([hung.lease.isHeld, hung.lease.contradiction], [true, null]);
  });

  test("there is one sweeper, and when it dies or leaves the next one is", async () => {
    await using nodes = await openNodes();
    const three = [await nodes.join(), await nodes.join(), await nodes.join()];
    await nodes.pass(HEARTBEAT_INTERVAL_MS);
    for (const leaves of [false, true]) {
      const sweepers = three.filter(({ lease }) => lease.isSweeper);
      assert.equal(sweepers.length, 1);
      const [sweeper] = sweepers;
      assert.ok(sweeper);
      nodes.die(sweeper.lease);
      three.splice(three.indexOf(sweeper), 1);
      if (leaves) await sweeper.lease.leave();
      await nodes.pass(leaves ? HEARTBEAT_INTERVAL_MS : LEASE_MS + 2 * HEARTBEAT_INTERVAL_MS);
    }
    assert.equal(three.filter(({ lease }) => lease.isSweeper).length, 1);
    assert.equal((await nodes.ids()).length, 1);
  });

  test("no node's lease expires because the database was unavailable for longer than a lease", async () => {
    await using nodes = await openNodes();
    const two = [await nodes.join(), await nodes.join()];
    const machine = await nodes.services.addMachine({ nodeId: two[1]?.node.id ?? "" });
    await nodes.pass(2 * HEARTBEAT_INTERVAL_MS);
    nodes.clock.monotonicMs += 3 * LEASE_MS;
    for (const { lease } of two) assert.equal(lease.isHeld, false);
    // The first node is back for a while before the second one succeeds.
    for (let beats = 0; beats < 3; beats += 1) {
      await two[0]?.lease.heartbeat();
      await two[0]?.lease.reapLapsedNodes();
      nodes.clock.monotonicMs += HEARTBEAT_INTERVAL_MS;
    }
    await nodes.pass(2 * LEASE_MS);
    assert.deepEqual(await nodes.ids(), two.map(({ node }) => node.id).sort());
    for (const { lease, seen } of two) assert.deepEqual([lease.isHeld, seen.closed], [true, 0]);
    assert.equal((await nodes.store.read((tx) => tx.machines.byId(machine.id)))?.linked, true);
  });

  test("a stop while the database is away is a stop all the same", async () => {
    await using nodes = await openNodes();
    const store: Store = { ...pick(nodes.store) };
    const { lease } = await nodes.join({}, { store });
    store.write = () => Promise.reject(new Error("the database does not answer"));
    nodes.die(lease);
    await lease.leave();
    assert.equal((await nodes.ids()).length, 1);
  });

  test("the database's clock is known from the start, and a slow answer does not change what is known", async () => {
    await using nodes = await openNodes();
    nodes.clock.databaseAheadMs = 5_000;
    const { lease, context } = await nodes.join();
    assert.equal(lease.clockOffsetMs, 5_000);
    const slow = await NodeLease.join({
      service: { ...context, node: { id: "" } },
      facts: FACTS,
      node: { id: "" },
      closeConnections: async () => undefined,
      wait: async () => undefined,
      databaseNowMs: async () => {
        nodes.clock.monotonicMs += 9_000;
        return context.clock.nowMs() + 9_000;
      },
    });
    assert.equal(slow.clockOffsetMs, 0);
  });
}

const pick = (store: Store): Store => ({
  read: (work) => store.read(work),
  write: (work) => store.write(work),
  close: () => store.close(),
});
