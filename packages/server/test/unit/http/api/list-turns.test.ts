import assert from "node:assert/strict";
import { test } from "node:test";
import { LIST_TURN_LIMITS, type ListTurnLimits, ListTurns } from "../../../../src/http/api/list-turns.ts";
import { type JsonResponse, ok } from "../../../../src/http/edge/http-response.ts";
import { ClientDisconnectedError } from "../../../../src/http/edge/read-body.ts";

const never = new AbortController().signal;

/** Lists that run until they are ended, in the order in which they started. */
function world(limits: Partial<ListTurnLimits> = {}) {
  const turns = new ListTurns({
    ...LIST_TURN_LIMITS,
    running: 1,
    runningPerAccount: 1,
    waitingPerAccount: 10,
    waiting: 20,
    ...limits,
  });
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const list = (accountId: string, gone: AbortSignal = never) =>
    turns.take({ accountId, gone }, async () => {
      started.push(accountId);
      await new Promise<void>((resolve) => ends.push(resolve));
      return ok(accountId);
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
  assert.ok(refused.kind === "error");
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers?.["retry-after"]) >= 1);
  assert.match(refused.message, /2 lists of this application or user wait already/);
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
  assert.ok(refused.kind === "error" && refused.status === 503);
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
  const fail = (): Promise<JsonResponse> => Promise.reject(new Error("the list failed"));
  const failing = turns.take({ accountId: "a", gone: never }, fail);
  await assert.rejects(failing, /the list failed/);
  assert.equal(turns.accountCount, 0);
});

test("an account whose clients do not take its lists waits until they do, and no other account", async () => {
  const { turns, started, list, endOne } = world({ untakenBytesPerAccount: 100 });
  const first = list("a");
  await endOne();
  const response = await first;
  assert.ok(response.kind === "json");
  const untaken = response.holdBody?.(100);
  const more = [list("a"), list("b")];
  await endOne();
  assert.deepEqual(started, ["a", "b"]);
  untaken?.[Symbol.dispose]();
  untaken?.[Symbol.dispose]();
  await endOne();
  await Promise.all(more);
  assert.deepEqual(started, ["a", "b", "a"]);
  assert.equal(turns.accountCount, 0);
});

test("a list that waits too long is refused: 429 for the account's own lists, 503 for those of others", async () => {
  const { turns, list, endOne } = world({ untakenBytesPerAccount: 100, untakenBytes: 150, waitMs: 1 });
  const held: (Disposable | undefined)[] = [];
  for (const [accountId, sizeBytes] of [
    ["a", 120],
    ["b", 30],
  ] as const) {
    const listed = list(accountId);
    await endOne();
    const response = await listed;
    assert.ok(response.kind === "json");
    held.push(response.holdBody?.(sizeBytes));
  }
  const refusals = await Promise.all(["a", "b"].map((account) => list(account)));
  assert.deepEqual(
    refusals.map(({ status }) => status),
    [429, 503],
  );
  for (const one of held) one?.[Symbol.dispose]();
  assert.equal(turns.accountCount, 0);
});
