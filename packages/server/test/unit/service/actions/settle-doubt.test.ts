import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import type { ServiceContext } from "../../../../src/service/context.ts";
import type { Store } from "../../../../src/store/store.ts";
import { CommitInDoubtError, StoreUnavailableError } from "../../../../src/store/store-unavailable-error.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../../support/test-services.ts";

const REQUEST = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };

/**
 * A store whose connection breaks at the first commit, before or after the commit was made. It is
 * then unavailable for `awayFor` more writes.
 */
function breaking(store: Store, isMade: boolean, awayFor: number): Store {
  let writes = 0;
  return {
    read: (work) => store.read(work),
    close: () => store.close(),
    async write(work) {
      writes += 1;
      if (writes === 1 && isMade) await store.write(work);
      if (writes === 1 && !isMade) {
        const undone = new Error("rolled back");
        await assert.rejects(
          store.write(async (tx) => {
            await work(tx);
            throw undone;
          }),
          undone,
        );
      }
      if (writes === 1) throw new CommitInDoubtError("the connection broke at the commit");
      if (writes <= 1 + awayFor) throw new StoreUnavailableError("the database does not answer");
      return store.write(work);
    },
  };
}

describe("a start whose commit is in doubt", () => {
  let services: TestServices;
  before(async () => {
    services = await testServices();
  });
  after(() => services[Symbol.asyncDispose]());

  /** Waits end at once. */
  const clock = (): ServiceContext["clock"] => ({
    ...services.context.clock,
    after(_delayMs, fn) {
      const timer = setImmediate(fn);
      return () => clearImmediate(timer);
    },
  });
  const contextOn = (store: Store): ServiceContext => ({ ...services.context, store, clock: clock() });

  test("is accepted when the commit turns out to have been made, once the database answers again", async () => {
    const machine = await services.addMachine();
    const store = breaking(services.context.store, true, 2);
    const answer = await runLiveResponse(contextOn(store), PLAYBOOK, machine.id, REQUEST);
    assert.ok(answer.ok);
    const stored = await services.context.store.read((tx) => tx.actions.byId(answer.value.id));
    assert.equal(stored?.machineId, machine.id);
  });

  test("is answered as not done when the commit was not made, and may be asked for again", async () => {
    const machine = await services.addMachine();
    const store = breaking(services.context.store, false, 0);
    const run = () => runLiveResponse(contextOn(store), PLAYBOOK, machine.id, REQUEST);
    await assert.rejects(
      run(),
      (cause) => cause instanceof StoreUnavailableError && !(cause instanceof CommitInDoubtError),
    );
    assert.ok((await run()).ok);
  });
});
