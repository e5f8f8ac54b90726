import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import {
  abortable,
  backgroundClock,
  DeadlineError,
  type MonotonicClock,
  sleep,
  systemClock,
  withDeadline,
} from "@halligan/protocol/time";

/** A clock whose waits end when the test says so. */
class HeldClock implements MonotonicClock {
  readonly pending = new Map<() => void, number>();

  monotonicMs(): number {
    return 0;
  }

  after(delayMs: number, run: () => void): () => void {
    this.pending.set(run, delayMs);
    return () => this.pending.delete(run);
  }

  pass(): void {
    for (const run of [...this.pending.keys()]) {
      this.pending.delete(run);
      run();
    }
  }
}

const WHY = new Error("stop");
const never = () => new Promise<never>(() => undefined);

test("a sleep resolves after its delay and leaves no listener", async () => {
  const clock = new HeldClock();
  const { signal } = new AbortController();
  const slept = sleep(clock, 25, signal);
  assert.deepEqual([...clock.pending.values()], [25]);
  clock.pass();
  await slept;
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("an aborted sleep rejects with the signal's reason and cancels its timer", async () => {
  const clock = new HeldClock();
  const stop = new AbortController();
  const slept = sleep(clock, 25, stop.signal);
  stop.abort(WHY);
  await assert.rejects(slept, (error) => error === WHY);
  assert.equal(clock.pending.size, 0);
  await assert.rejects(sleep(clock, 25, stop.signal), (error) => error === WHY);
  assert.equal(clock.pending.size, 0);
});

test("a promise that is not settled ends with its signal, and its own outcome comes first", async () => {
  const stop = new AbortController();
  assert.equal(await abortable(Promise.resolve(1), stop.signal), 1);
  await assert.rejects(abortable(Promise.reject(WHY), stop.signal), (error) => error === WHY);
  assert.equal(getEventListeners(stop.signal, "abort").length, 0);
  const waited = abortable(never(), stop.signal);
  stop.abort(WHY);
  await assert.rejects(waited, (error) => error === WHY);
  await assert.rejects(abortable(never(), stop.signal), (error) => error === WHY);
});

test("work over its limit is aborted and rejected, also when it ignores its signal", async () => {
  const clock = new HeldClock();
  let seen: AbortSignal | null = null;
  const work = withDeadline(clock, 25, undefined, "too long", (signal) => {
    seen = signal;
    return never();
  });
  clock.pass();
  await assert.rejects(work, (error) => error instanceof DeadlineError && error.message === "too long");
  assert.ok(seen !== null);
  assert.equal(AbortSignal.any([seen]).reason instanceof DeadlineError, true);
});

test("a deadline ends with the outcome of its work, and the outer signal keeps its reason", async () => {
  const clock = new HeldClock();
  const stop = new AbortController();
  assert.equal(await withDeadline(clock, 25, stop.signal, "too long", async () => 1), 1);
  assert.equal(clock.pending.size, 0);
  const work = withDeadline(clock, 25, stop.signal, "too long", never);
  stop.abort(WHY);
  await assert.rejects(work, (error) => error === WHY);
  assert.equal(clock.pending.size, 0);
});

test("the system's clocks call once after the delay, never after a cancel, and take delays of months", async () => {
  for (const clock of [systemClock, backgroundClock]) {
    let calls = 0;
    const cancel = clock.after(0, () => {
      calls += 100;
    });
    cancel();
    const cancelLong = clock.after(2 ** 33, () => {
      calls += 10;
    });
    const startedMs = clock.monotonicMs();
    // The wait of another clock keeps the process alive.
    await Promise.all([sleep(systemClock, 20, undefined), new Promise<void>((done) => clock.after(5, done))]);
    cancelLong();
    assert.equal(calls, 0);
    assert.ok(clock.monotonicMs() > startedMs);
  }
});
