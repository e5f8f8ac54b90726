import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Semaphore } from "../../../src/blobs/semaphore.ts";

const never = new AbortController().signal;

function work() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isBegun = false;
  return {
    run: async () => {
      isBegun = true;
      await promise;
    },
    end: resolve,
    isBegun: () => isBegun,
  };
}

test("at most the limit runs, and the others begin in the sequence of their arrival", async () => {
  const semaphore = new Semaphore(2);
  const all = [work(), work(), work(), work()];
  const ended = all.map(({ run }) => semaphore.run(run, never));
  await turn();
  assert.deepEqual(
    all.map(({ isBegun }) => isBegun()),
    [true, true, false, false],
  );
  all[1]?.end();
  await ended[1];
  await turn();
  assert.deepEqual(
    all.map(({ isBegun }) => isBegun()),
    [true, true, true, false],
  );
  for (const { end } of all) end();
  await Promise.all(ended);
});

test("an aborted wait ends at once with the signal's reason, and takes no place", async () => {
  const semaphore = new Semaphore(1);
  const [first, aborted, last] = [work(), work(), work()];
  const firstEnded = semaphore.run(first.run, never);
  const leaving = new AbortController();
  const left = semaphore.run(aborted.run, leaving.signal);
  const lastEnded = semaphore.run(last.run, never);
  leaving.abort(new Error("the caller left"));
  await assert.rejects(left, /the caller left/);
  assert.equal(last.isBegun(), false);
  first.end();
  await firstEnded;
  await turn();
  assert.deepEqual([aborted.isBegun(), last.isBegun()], [false, true]);
  last.end();
  await lastEnded;
  await assert.rejects(semaphore.run(aborted.run, leaving.signal), /the caller left/);
  assert.equal(aborted.isBegun(), false);
});

test("an aborted call holds its place until its work has ended", async () => {
  const semaphore = new Semaphore(1);
  const [running, next] = [work(), work()];
  const stopping = new AbortController();
  const runningEnded = semaphore.run(running.run, stopping.signal);
  const nextEnded = semaphore.run(next.run, never);
  stopping.abort();
  await turn();
  assert.equal(next.isBegun(), false);
  running.end();
  await runningEnded;
  await turn();
  assert.equal(next.isBegun(), true);
  next.end();
  await nextEnded;
});

test("work that fails gives its place to the next one", async () => {
  const semaphore = new Semaphore(1);
  await assert.rejects(
    semaphore.run(() => Promise.reject(new Error("broken")), never),
    /broken/,
  );
  assert.equal(await semaphore.run(() => Promise.resolve("done"), never), "done");
});
