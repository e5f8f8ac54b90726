import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Caller } from "../../../../src/auth/caller.ts";
import { applyRetention } from "../../../../src/service/actions/apply-retention.ts";
import { cancelMachineAction } from "../../../../src/service/actions/cancel-machine-action.ts";
import { idempotencyKey } from "../../../../src/service/actions/start/idempotent-start.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import type { Store } from "../../../../src/store/store.ts";
import { CommitInDoubtError } from "../../../../src/store/store-unavailable-error.ts";
import { PLAYBOOK, type TestServices, testServices, user } from "../../../support/test-services.ts";

const REQUEST = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
const HOUR_MS = 3_600_000;

describe("a start with an Idempotency-Key", () => {
  let services: TestServices;
  before(async () => {
    services = await testServices({ actionRetentionMs: HOUR_MS, resultRetentionMs: HOUR_MS });
  });
  after(() => services[Symbol.asyncDispose]());

  const start = async (machineId: string, text: string, caller: Caller = PLAYBOOK, context = services.context) => {
    const key = idempotencyKey(text, "RunLiveResponse", machineId, REQUEST);
    const answer = await runLiveResponse(context, caller, machineId, REQUEST, key);
    return answer.ok ? answer.value.id : answer.error.code;
  };

  test("of twenty at the same moment one is accepted, and all return its action", async () => {
    const { id } = await services.addMachine();
    const ids = new Set(await Promise.all(Array.from({ length: 20 }, () => start(id, "twenty"))));
    assert.equal(ids.size, 1);
  });

  test("is repeated by every application of the account, and by no other account", async () => {
    const { id } = await services.addMachine();
    const first = await start(id, "account");
    const ofAccount: Caller = { ...PLAYBOOK, id: "client-2", clientId: "client-2", accountId: PLAYBOOK.id };
    assert.equal(await start(id, "account", ofAccount), first);
    const other: Caller = { ...PLAYBOOK, id: "client-3", clientId: "client-3" };
    assert.equal(await start(id, "account", other), "ActiveRequestAlreadyExists");
  });

  test("tells nothing of the action to a caller who no longer reaches the machine", async () => {
    const { id: groupId } = await services.context.store.write((tx) =>
      tx.deviceGroups.insert({
        name: "closed",
        remediationLevel: "full",
        users: [],
        userGroups: ["responders"],
        isOpenToUsers: false,
      }),
    );
    const { id } = await services.addMachine({ groupId });
    const first = await start(id, "scope", user("u1", ["responders"]));
    assert.match(first, /-/);
    assert.equal(await start(id, "scope", user("u1", ["responders"])), first);
    assert.equal(await start(id, "scope", user("u1")), "MachineNotFound");
  });

  test("whose commit is in doubt is accepted once", async () => {
    const { id } = await services.addMachine();
    const { store } = services.context;
    let writes = 0;
    const breaking: Store = {
      read: (work) => store.read(work),
      close: () => store.close(),
      async write(work) {
        const result = await store.write(work);
        writes += 1;
        if (writes === 1) throw new CommitInDoubtError("the connection broke at the commit");
        return result;
      },
    };
    const first = await start(id, "doubt", PLAYBOOK, { ...services.context, store: breaking });
    assert.match(first, /-/);
    assert.equal(await start(id, "doubt"), first);
  });

  test("is refused when the action was removed, and can be used again after 24 hours", async () => {
    const { id } = await services.addMachine();
    const { context, time } = services;
    const first = await start(id, "retention");
    assert.equal((await cancelMachineAction(context, PLAYBOOK, first, "c")).ok, true);
    time.nowMs += 2 * HOUR_MS;
    await applyRetention(context);
    assert.equal(await start(id, "retention"), "IdempotentActionRemoved");
    time.nowMs += 22 * HOUR_MS - 1;
    assert.equal(await start(id, "retention"), "IdempotentActionRemoved");
    time.nowMs += 1;
    const second = await start(id, "retention");
    assert.match(second, /-/);
    assert.notEqual(second, first);
    time.nowMs += 25 * HOUR_MS;
    await applyRetention(context);
    const kept = await context.store.read((tx) => tx.idempotencyKeys.find(PLAYBOOK.id, "retention", 0));
    assert.equal(kept, undefined);
  });

  test("is the only one that costs a statement: a start without the header never accesses the keys", async () => {
    const { store } = services.context;
    const withoutKeys: Store = {
      read: (work) => store.read(work),
      close: () => store.close(),
      write: (work) =>
        store.write((tx) =>
          work({
            ...tx,
            get idempotencyKeys(): never {
              throw new Error("the keys were accessed");
            },
          }),
        ),
    };
    const { id } = await services.addMachine();
    const answer = await runLiveResponse({ ...services.context, store: withoutKeys }, PLAYBOOK, id, REQUEST);
    assert.equal(answer.ok, true);
    await assert.rejects(
      start((await services.addMachine()).id, "k", PLAYBOOK, { ...services.context, store: withoutKeys }),
    );
  });

  test("does not depend on the sequence of the properties in its body", () => {
    const turned = { Comment: "c", Commands: [{ params: [{ value: "/x", key: "Path" }], type: "GetFile" }] };
    assert.deepEqual(idempotencyKey("k", "o", "m", turned), idempotencyKey("k", "o", "m", REQUEST));
    assert.notDeepEqual(idempotencyKey("k", "o", "n", REQUEST), idempotencyKey("k", "o", "m", REQUEST));
  });
});
