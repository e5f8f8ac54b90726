import assert from "node:assert/strict";
import { test } from "node:test";
import { newBound } from "../../../src/domain/actions/action-bound.ts";
import {
  chosenOptions,
  limitsWith,
  NO_OPTIONS,
  readOptions,
  storedOptions,
} from "../../../src/domain/actions/options/action-options.ts";
import { orderFor } from "../../../src/domain/actions/order.ts";
import { waitingReason } from "../../../src/domain/actions/progress/waiting-reason.ts";
import { longestResultBytes } from "../../../src/domain/results/result-space.ts";
import { JOURNAL_ID, sampleAction, sampleCommand } from "./sample-action.ts";

const CHOSEN = { scriptTimeoutMs: 10_000, outputLimitBytes: 500, queueTimeoutMs: 60_000 };
const MAXIMA = { ...CHOSEN, notBeforeMs: 60_000, runAs: "any" } as const;
const LIMITS = { scriptTimeoutMs: 600, transferTimeoutMs: 900, stallTimeoutMs: 100, outputLimitBytes: 50 };
const MIB = 1024 ** 2;

test("an option may have its maximum, and a greater value is refused with option, value and maximum", () => {
  assert.ok(readOptions(CHOSEN, MAXIMA, 0).ok);
  for (const [option, maximum] of Object.entries(CHOSEN)) {
    const read = readOptions({ [option]: maximum + 1 }, MAXIMA, 0);
    assert.ok(!read.ok);
    assert.deepEqual(read.error, {
      code: "InvalidRequestBody",
      detail: `options.${option} is ${maximum + 1}; the maximum is ${maximum}`,
    });
  }
});

test("a start time on a day that does not exist is refused", () => {
  for (const notBefore of [
    "2026-02-30T00:00Z",
    "2026-02-29T00:00:00.5+02:00",
    "2026-04-31T23:59Z",
    "2026-13-01T00:00Z",
  ]) {
    const read = readOptions({ notBefore }, { ...MAXIMA, notBeforeMs: Date.parse("2027-01-01") }, 0);
    assert.ok(!read.ok && read.error.code === "InvalidRequestBody", notBefore);
  }
  assert.ok(readOptions({ notBefore: "2028-02-29T00:00+14:00" }, { ...MAXIMA, notBeforeMs: 3e12 }, 0).ok);
});

test("the options that were chosen are stored and shown, and no others", () => {
  assert.equal(chosenOptions(NO_OPTIONS), null);
  for (const chosen of [
    { keepProcesses: true },
    { outputLimitBytes: 0 },
    { notBefore: "2026-11-28T12:00:00.000Z" },
    { runAs: "alice" },
    CHOSEN,
  ]) {
    assert.deepEqual(chosenOptions(storedOptions(chosen)), chosen);
  }
});

test("the limits of an action are its own, and the deployment's where it has none", () => {
  assert.deepEqual(limitsWith(NO_OPTIONS, LIMITS), LIMITS);
  const options = { ...NO_OPTIONS, scriptTimeoutMs: 5_000, outputLimitBytes: 0 };
  assert.deepEqual(limitsWith(options, LIMITS), { ...LIMITS, scriptTimeoutMs: 5_000, outputLimitBytes: 0 });
});

test("order, bound, time limit and space of a result follow the options of the action", () => {
  const order = {
    orderSeq: 1,
    journalId: JOURNAL_ID,
    connectionEpoch: 1,
    claimedAtMs: 0,
    sentAtMs: null,
    state: "out" as const,
    startInDoubt: null,
  };
  const options = { ...NO_OPTIONS, scriptTimeoutMs: 5_000, outputLimitBytes: MIB };
  const commands = [sampleCommand({ status: "Executing", startedAtMs: 7 })];
  const plain = sampleAction({ commands, order, status: "InProgress", deadlineMs: null });
  const chosen = { ...plain, options };
  assert.deepEqual(orderFor(chosen, LIMITS, 1).limits, limitsWith(options, LIMITS));
  const bounds = {
    actionGraceMs: 0,
    orderAcceptanceMs: 0,
    lostMachineTimeoutMs: 0,
    sessionPlaceGraceMs: 0,
    order: LIMITS,
  };
  const longerMs = newBound(chosen, bounds, null, 0).untilMs - newBound(plain, bounds, null, 0).untilMs;
  assert.equal(longerMs, 5_000 - 600);
  const machine = { linked: true, quarantined: false, hasConnected: true, lastSeenMs: 0 };
  const waiting = waitingReason(chosen, { machine, previous: null, queue: null }, LIMITS, 8);
  assert.equal(waiting?.untilMs, 7 + 5_000);
  const limits = { resultLimitBytes: 1024 ** 4, order: LIMITS };
  assert.equal(longestResultBytes(sampleCommand(), chosen, limits), 13 * MIB);
});
