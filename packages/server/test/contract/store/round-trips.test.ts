import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import { cancelMachineAction } from "../../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { mayGrantUnrecorded, recordEnded } from "../../../src/service/agents/machine-reports.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { PLAYBOOK, testServices } from "../../support/test-services.ts";

const REQUEST = {
  Commands: [{ type: "RunScript" as const, params: [{ key: "ScriptName", value: "collect.sh" }] }],
  Comment: "c",
};
const UNLIMITED = 1_000_000_000;

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`round trips of an action (${postgres})`, { skip: postgres });
else {
  await using opening = new AsyncDisposableStack();
  opening.use(postgres);
  const database = opening.use(await postgres.createDatabase());
  const store = await PostgresStore.open({ url: database.url });
  opening.defer(() => store.close());
  const services = opening.use(await testServices({ runningSessions: UNLIMITED }, { store }));
  const owned = opening.move();
  after(() => owned.disposeAsync());
  const { context } = services;

  const connectedMachine = async () => {
    const machine = await services.addMachine({ linked: true, nodeId: "node-1", connectionEpoch: 1 });
    context.readyAgents.add(machine.id, {
      connectionEpoch: 1,
      sendOrder: () => undefined,
      read: () => ({ grant: () => undefined, close: () => undefined }),
    });
    return { machineId: machine.id, connectionEpoch: 1 };
  };
  /** The result, and how often the database was asked for it. */
  const counted = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const before = store.roundTrips;
    return [await work(), store.roundTrips - before];
  };
  const accepted = async (machineId: string): Promise<MachineAction> => {
    const answer = await runLiveResponse(context, PLAYBOOK, machineId, REQUEST);
    assert.ok(answer.ok);
    return answer.value;
  };
  const started = (action: MachineAction) => ({
    type: "started" as const,
    actionId: action.id,
    orderSeq: action.order?.orderSeq ?? 0,
    index: 0,
    startId: "5".repeat(32),
  });
  const ended = (action: MachineAction) => ({
    type: "ended" as const,
    actionId: action.id,
    orderSeq: action.order?.orderSeq ?? 0,
    index: 0,
    outcome: "completed" as const,
    errors: [],
    result: { kind: "inline" as const, transcript: '{"exit_code":0}' },
  });
  /** The start is granted before it is recorded. */
  const grantedStart = async (connection: { machineId: string; connectionEpoch: number }, action: MachineAction) => {
    const seen = await mayGrantUnrecorded(context, connection, started(action));
    assert.ok(seen);
    return { seen, granted: { report: started(action), sentAtMs: null, atMs: context.clock.nowMs() } };
  };

  test("an action of a connected machine takes four round trips: two until its order, one for the start, one for its end", async () => {
    const connection = await connectedMachine();
    const [action, toAccept] = await counted(() => accepted(connection.machineId));
    const [known, toGrant] = await counted(() => grantedStart(connection, action));
    const [recorded, toEnd] = await counted(() => recordEnded(context, connection, ended(action), null, known));
    assert.ok(recorded.kind === "recorded" && recorded.action.status === "Succeeded");
    assert.deepEqual([toAccept, toGrant, toEnd], [2, 1, 1]);
    const stored = await store.read((tx) => tx.actions.byId(action.id));
    assert.deepEqual(stored, recorded.action);
    assert.ok(await store.read((tx) => tx.results.inline(action.id, 0)));
  });

  test("an end that was decided on an action which has changed since is decided again on the stored one", async () => {
    const connection = await connectedMachine();
    const action = await accepted(connection.machineId);
    const known = await grantedStart(connection, action);
    const cancelled = await cancelMachineAction(context, PLAYBOOK, action.id, "stop");
    assert.ok(cancelled.ok);
    const recorded = await recordEnded(context, connection, ended(action), null, known);
    assert.ok(recorded.kind === "recorded");
    assert.equal(recorded.action.status, "Cancelled");
    assert.equal(recorded.action.version, cancelled.value.version + 1);
    assert.equal(recorded.hasFinished, false);
  });

  test("an end of a connection that is not the newest any more is stale, and nothing of it is kept", async () => {
    const connection = await connectedMachine();
    const action = await accepted(connection.machineId);
    const known = await grantedStart(connection, action);
    await store.write(async (tx) => {
      const machine = await tx.machines.byId(connection.machineId);
      assert.ok(machine);
      await tx.machines.save(machine, { ...machine, connectionEpoch: 2 });
    });
    const recorded = await recordEnded(context, connection, ended(action), null, known);
    assert.equal(recorded.kind, "stale");
    assert.deepEqual(await store.read((tx) => tx.actions.byId(action.id)), known.seen);
    assert.equal(await store.read((tx) => tx.results.inline(action.id, 0)), undefined);
  });

  test("a report that changes nothing is still checked against what is stored", async () => {
    const connection = await connectedMachine();
    const action = await accepted(connection.machineId);
    const known = await grantedStart(connection, action);
    const first = await recordEnded(context, connection, ended(action), null, known);
    assert.ok(first.kind === "recorded");
    // The same report again, with the action as it was before the first one.
    const [again] = await counted(() => recordEnded(context, connection, ended(action), null, known));
    assert.ok(again.kind === "recorded");
    assert.deepEqual([again.hasFinished, again.action], [false, first.action]);
  });

  test("two ends of one action at the same moment are recorded once", async () => {
    const connection = await connectedMachine();
    const action = await accepted(connection.machineId);
    const known = await grantedStart(connection, action);
    const both = await Promise.all([1, 2].map(() => recordEnded(context, connection, ended(action), null, known)));
    const finished = both.map((one) => one.kind === "recorded" && one.hasFinished);
    assert.deepEqual(finished.toSorted(), [false, true]);
    const { records } = await store.read((tx) =>
      tx.audit.list(
        {
          machineId: connection.machineId,
          actionId: action.id,
          actorId: null,
          operations: ["MachineActionEnded"],
          beforeSeq: null,
          limit: 10,
        },
        { kind: "all" },
      ),
    );
    assert.equal(records.length, 1);
  });
}
