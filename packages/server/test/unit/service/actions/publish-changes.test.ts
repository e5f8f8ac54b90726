import assert from "node:assert/strict";
import { test } from "node:test";
import { publishingStore } from "../../../../src/service/actions/publish-changes.ts";
import type { StoreTx } from "../../../../src/store/store.ts";
import { sampleAction, sampleMachine } from "../../domain/sample-action.ts";
import { openService } from "../service-fixture.ts";

const ID = sampleAction().id;

async function openTelling() {
  const service = await openService();
  const told: { actionId: string; isDurable: boolean }[] = [];
  let isDurable = false;
  const bus = { actionChanged: (actionId: string) => void told.push({ actionId, isDurable }) };
  const { store } = service;
  const marking = {
    read: <T>(work: (tx: StoreTx) => Promise<T>) => store.read(work),
    async write<T>(work: (tx: StoreTx) => Promise<T>) {
      isDurable = false;
      const answer = await store.write(work);
      isDurable = true;
      return answer;
    },
    close: () => store.close(),
  };
  await store.write((tx) => tx.machines.insert(sampleMachine()));
  return { service, told, telling: publishingStore(marking, bus), marking, bus };
}

test("an action that a transaction made or saved is published once, and only when the commit is durable", async () => {
  const { service, told, telling } = await openTelling();
  await using _ = service;
  await telling.write(async (tx) => {
    await tx.actions.insert(sampleAction());
    const action = await tx.actions.byId(ID);
    assert.ok(action);
    await tx.actions.save(action, action);
    assert.deepEqual(told, []);
  });
  assert.deepEqual(told, [{ actionId: ID, isDurable: true }]);
});

test("a transaction that fails or only reads publishes nothing, and the next one does not publish its changes", async () => {
  const { service, told, telling } = await openTelling();
  await using _ = service;
  await assert.rejects(
    telling.write(async (tx) => {
      await tx.actions.insert(sampleAction());
      throw new Error("after all not");
    }),
    /after all not/,
  );
  await telling.write((tx) => tx.actions.byId(ID));
  await telling.read((tx) => tx.actions.byId(ID));
  assert.deepEqual(told, []);
});

test("a transaction that is run again tells what its last run saved", async () => {
  const { service, told, marking, bus } = await openTelling();
  await using _ = service;
  // The behaviour of a store that loses a race: the first run is rolled back.
  const racing = {
    ...marking,
    async write<T>(work: (tx: StoreTx) => Promise<T>) {
      await assert.rejects(
        marking.write(async (tx) => {
          await work(tx);
          throw new Error("lost the race");
        }),
      );
      return marking.write(work);
    },
  };
  let run = 0;
  await publishingStore(racing, bus).write(async (tx) => {
    run += 1;
    if (run === 1) await tx.actions.insert(sampleAction());
  });
  assert.equal(run, 2);
  assert.deepEqual(told, []);
});
