import assert from "node:assert/strict";
import { test } from "node:test";
import { type ListTurnLimits, ListTurns } from "../../../../src/http/api/list-turns.ts";
import { ClientDisconnectedError } from "../../../../src/http/edge/read-body.ts";

const never = new AbortController().signal;

/** Lists that run until they are ended, in the order in which they started. */
function world(limits: Partial<ListTurnLimits> = {}) {
  const turns = new ListTurns({ running: 1, runningPerAccount: 1, waitingPerAccount: 10, waiting: 20, ...limits });
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const list = (accountId: string, gone: AbortSignal = never) =>
    turns.take({ accountId, gone }, async () => {
      started.push(accountId);
      await new Promise<void>((resolve) => ends.push(resolve));
    });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const endOne = async () => {
    await settled();
    ends.shift()?.();
    await settled();
  };
  return { turns, started, list, endOne };
}

test("accounts with waiting lists take turns, however many lists one of them has", async () => {
  const { turns, started, list, endOne } = world();
  const all = ["a", "a", "a", "a", "b", "b", "c"].map((account) => list(account));
  for (let n = 0; n < 7; n += 1) await endOne();
  await Promise.all(all);
  assert.deepEqual(started, ["a", "a", "b", "c", "a", "b", "a"]);
  assert.equal(turns.accountCount, 0);
});

test("one account never has all places", async () => {
  const { started, list, endOne } = world({ running: 3, runningPerAccount: 2 });
  const all = [list("a"), list("a"), list("a"), list("b")];
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(started, ["a", "a", "b"]);
  for (let n = 0; n < 4; n += 1) await endOne();
  await Promise.all(all);
});

test("a full queue refuses its account with 429 and a reason, and no other account", async () => {
  const { list, endOne, started } = world({ waitingPerAccount: 2 });
  const all = [list("a"), list("a"), list("a")];
  await new Promise<void>((resolve) => setImmediate(resolve));
  const refused = await list("a");
  assert.ok(!refused.ok);
  assert.equal(refused.error.status, 429);
  assert.ok(Number(refused.error.headers?.["retry-after"]) >= 1);
  assert.match(refused.error.message, /2 lists of this application or user wait already/);
  all.push(list("b"));
  for (let n = 0; n < 4; n += 1) await endOne();
  await Promise.all(all);
  assert.deepEqual(started, ["a", "a", "b", "a"]);
});

test("more lists than may wait of all accounts are refused with 503", async () => {
  const { list, endOne } = world({ waiting: 2 });
  const all = [list("a"), list("b"), list("c")];
  await new Promise<void>((resolve) => setImmediate(resolve));
  const refused = await list("d");
  assert.ok(!refused.ok && refused.error.status === 503);
  for (let n = 0; n < 3; n += 1) await endOne();
  await Promise.all(all);
});

test("a wait whose client disconnected leaves the queue", async () => {
  const { turns, started, list, endOne } = world({ waitingPerAccount: 1 });
  const running = list("a");
  const client = new AbortController();
  const waiting = assert.rejects(list("a", client.signal), ClientDisconnectedError);
  client.abort();
  await waiting;
  await assert.rejects(list("b", AbortSignal.abort()), ClientDisconnectedError);
  const next = list("a");
  await endOne();
  await endOne();
  await Promise.all([running, next]);
  assert.deepEqual(started, ["a", "a"]);
  assert.equal(turns.accountCount, 0);
});

test("a list that fails gives its turn back", async () => {
  const { turns } = world();
  const failing = turns.take({ accountId: "a", gone: never }, () => Promise.reject(new Error("the list failed")));
  await assert.rejects(failing, /the list failed/);
  assert.equal(turns.accountCount, 0);
});
