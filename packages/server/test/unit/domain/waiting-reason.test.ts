import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { COMMAND_TYPES, MACHINE_ACTION_STATUSES, type WaitingReason, WaitingWire } from "@halligan/protocol/api";
import fc from "fast-check";
import { Value } from "typebox/value";
import { isFinal, type MachineAction } from "../../../src/domain/actions/machine-action.ts";
import { type WaitingFacts, waitingReason } from "../../../src/domain/actions/progress/waiting-reason.ts";
import type { MachinePresence } from "../../../src/domain/machines/machine.ts";
import { waitingWire } from "../../../src/http/api/present/waiting-wire.ts";
import { START_ID, sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

const LIMITS = { scriptTimeoutMs: 600, transferTimeoutMs: 900 };
const NOW_MS = 4_000;
const PREVIOUS = { id: "previous", finalAtMs: 1_800 };

const present: MachinePresence = { linked: true, lastSeenMs: 1_200, hasConnected: true, quarantined: false };
const facts = (change: Partial<WaitingFacts> = {}): WaitingFacts => ({
  machine: present,
  previous: null,
  queue: null,
  ...change,
});
const away = facts({ machine: { ...present, linked: false } });

const started = { status: "Executing", startId: START_ID, startedAtMs: 3_700 } as const;
const script = sampleCommand();
const getFile = sampleCommand({ type: "GetFile" });
const completed = sampleCommand({ status: "Completed", endedAtMs: 3_900 });
const sent = sampleOrder({ sentAtMs: 1_600 });
const bound = { untilMs: 8_000, latestMs: 9_000, pausedAtMs: null };
const running = (...commands: MachineAction["commands"]): MachineAction =>
  sampleAction({ status: "InProgress", order: sent, deadlineMs: null, bound, commands });

interface Case {
  title: string;
  action: MachineAction;
  facts: WaitingFacts;
  reason: WaitingReason;
  sinceMs: number | null;
  untilMs: number | null;
  /** The member that belongs to the reason. */
  also?: Record<string, unknown>;
}

const refused = { code: "InsufficientStorage", sinceMs: 3_800, untilMs: null } as const;
const CASES: readonly Case[] = [
  {
    ...{ title: "its device is away", action: sampleAction(), facts: away, reason: "DeviceOffline" },
    ...{ sinceMs: 1_200, untilMs: 10_000, also: { lastSeenMs: 1_200 } },
  },
  {
    ...{ title: "its device was away before it was accepted", action: sampleAction({ createdAtMs: 2_000 }) },
    ...{ facts: away, reason: "DeviceOffline", sinceMs: 2_000, untilMs: 10_000, also: { lastSeenMs: 1_200 } },
  },
  {
    ...{ title: "its device has never connected", action: sampleAction(), reason: "DeviceOffline" },
    facts: facts({ machine: { ...present, linked: false, hasConnected: false } }),
    ...{ sinceMs: 1_000, untilMs: 10_000, also: { lastSeenMs: null } },
  },
  {
    ...{ title: "its order was sent, and its device went away", reason: "DeviceOffline", facts: away },
    ...{ action: sampleAction({ order: sent }), sinceMs: 1_200, untilMs: 10_000 },
  },
  {
    ...{ title: "a script runs on a device that is away", reason: "DeviceOfflineWhileRunning", facts: away },
    action: { ...running(sampleCommand(started)), deadlineMs: 7_000 },
    ...{ sinceMs: 1_200, untilMs: 7_000, also: { index: 0, lastSeenMs: 1_200 } },
  },
  {
    ...{ title: "a command has ended, and the device is away", reason: "DeviceOfflineWhileRunning", facts: away },
    ...{ action: running(completed, script), sinceMs: 1_200, untilMs: 8_000, also: { index: 1 } },
  },
  {
    ...{ title: "its start time has not come", reason: "NotBefore", facts: away },
    ...{ action: sampleAction({ scheduledMs: 5_000 }), sinceMs: 1_000, untilMs: 5_000 },
  },
  {
    ...{ title: "its machine is in quarantine", action: sampleAction(), reason: "DeviceQuarantined" },
    facts: facts({ machine: { ...present, linked: false, quarantined: true } }),
    ...{ sinceMs: null, untilMs: 10_000 },
  },
  {
    ...{ title: "an earlier order is out", action: sampleAction(), reason: "PreviousActionEnding" },
    facts: facts({ previous: PREVIOUS, queue: { position: 5, freeSlots: 0 } }),
    ...{ sinceMs: 1_800, untilMs: 10_000, also: { actionId: "previous" } },
  },
  {
    ...{ title: "all slots are in use", action: sampleAction(), reason: "SessionLimit" },
    facts: facts({ queue: { position: 1, freeSlots: 0 } }),
    ...{ sinceMs: 1_200, untilMs: 10_000, also: { position: 1 } },
  },
  {
    ...{ title: "the free slots are for those in front of it", action: sampleAction(), reason: "SessionLimit" },
    facts: facts({ queue: { position: 3, freeSlots: 2 } }),
    ...{ sinceMs: 1_200, untilMs: 10_000, also: { position: 3 } },
  },
  {
    ...{ title: "more slots are in use than there are", action: sampleAction(), reason: "SessionLimit" },
    facts: facts({ queue: { position: 1, freeSlots: -1 } }),
    ...{ sinceMs: 1_200, untilMs: 10_000, also: { position: 1 } },
  },
  {
    ...{ title: "a slot is free for it", action: sampleAction(), reason: "Dispatching" },
    facts: facts({ queue: { position: 2, freeSlots: 2 } }),
    ...{ sinceMs: 1_200, untilMs: 10_000 },
  },
  {
    ...{ title: "its order is claimed", action: sampleAction({ order: sampleOrder(), bound }) },
    ...{ facts: facts(), reason: "Dispatching", sinceMs: 1_500, untilMs: 8_000 },
  },
  {
    ...{ title: "a script runs", action: running(sampleCommand(started)), facts: facts(), reason: "Running" },
    ...{ sinceMs: 3_700, untilMs: 4_300, also: { index: 0 } },
  },
  {
    ...{ title: "the bound passes before the time limit", facts: facts(), reason: "Running" },
    action: { ...running(sampleCommand(started)), bound: { ...bound, untilMs: 4_100 } },
    ...{ sinceMs: 3_700, untilMs: 4_100, also: { index: 0 } },
  },
  {
    ...{ title: "the time limit of a script has passed", facts: facts(), reason: "Running" },
    ...{ action: running(sampleCommand({ ...started, startedAtMs: 3_000 })), sinceMs: 3_000, untilMs: 8_000 },
  },
  {
    ...{ title: "a file is collected", facts: facts(), reason: "Transferring" },
    action: running(completed, { ...getFile, ...started }),
    ...{ sinceMs: 3_700, untilMs: 4_600, also: { index: 1 } },
  },
  {
    ...{ title: "the next command has no start", action: running(completed, script), facts: facts() },
    ...{ reason: "StartNotGranted", sinceMs: 3_900, untilMs: 8_000, also: { index: 1 } },
  },
  {
    ...{ title: "the server has no space", facts: facts(), reason: "InsufficientStorage" },
    action: running({ ...getFile, ...started, refusal: refused }),
    ...{ sinceMs: 3_800, untilMs: 8_000, also: { index: 0 } },
  },
  {
    ...{ title: "a quota is used up", facts: facts(), reason: "ResultQuotaExceeded" },
    action: running(completed, { ...getFile, ...started, refusal: { ...refused, code: "ResultQuotaExceeded" } }),
    ...{ sinceMs: 3_800, untilMs: 8_000, also: { index: 1 } },
  },
  {
    ...{ title: "there is space again", facts: facts(), reason: "Transferring" },
    action: running({ ...getFile, ...started, refusal: { ...refused, untilMs: 3_950 } }),
    ...{ sinceMs: 3_700, untilMs: 4_600, also: { index: 0 } },
  },
];

describe("what an action waits for when", () => {
  for (const { title, action, facts: known, reason, sinceMs, untilMs, also = {} } of CASES) {
    test(`${title}: ${reason}`, () => {
      const waiting = waitingReason(action, known, LIMITS, NOW_MS);
      assert.ok(waiting);
      const { detail, ...rest } = waiting;
      assert.deepEqual({ ...rest, ...also }, rest);
      assert.deepEqual([rest.reason, rest.sinceMs, rest.untilMs], [reason, sinceMs, untilMs]);
      assert.doesNotMatch(detail, /undefined|NaN|null/);
    });
  }
});

test("each reason of the wire has a case", () => {
  const reasons = WaitingWire.anyOf.map((member) => member.properties.reason.const);
  assert.deepEqual([...new Set(CASES.map(({ reason }) => reason))].toSorted(), reasons.toSorted());
});

const time = fc.integer({ min: 0, max: 10_000 });
const timeOrNull = fc.option(time);
const anyCommand = fc
  .record({
    type: fc.constantFrom(...COMMAND_TYPES),
    status: fc.constantFrom("Created", "Executing", "Completed", "Failed"),
    startedAtMs: timeOrNull,
    endedAtMs: timeOrNull,
    code: fc.constantFrom("InsufficientStorage", "ResultQuotaExceeded", null),
    resumedAtMs: timeOrNull,
  })
  .map(({ code, resumedAtMs, ...change }) =>
    sampleCommand({ ...change, ...(code && { refusal: { code, sinceMs: 1, untilMs: resumedAtMs } }) }),
  );
const anyAction = fc
  .record({
    status: fc.constantFrom(...MACHINE_ACTION_STATUSES),
    createdAtMs: time,
    deadlineMs: timeOrNull,
    commands: fc.array(anyCommand, { minLength: 1, maxLength: 4 }),
    order: fc.option(fc.record({ claimedAtMs: time, sentAtMs: timeOrNull }).map(sampleOrder)),
    bound: fc.option(fc.record({ untilMs: time, latestMs: time, pausedAtMs: timeOrNull })),
  })
  .map(sampleAction);
const anyFacts = fc.record({
  machine: fc.record({
    linked: fc.boolean(),
    lastSeenMs: time,
    hasConnected: fc.boolean(),
    quarantined: fc.boolean(),
  }),
  previous: fc.option(fc.record({ id: fc.uuid(), finalAtMs: timeOrNull })),
  queue: fc.option(fc.record({ position: fc.integer({ min: 1, max: 9 }), freeSlots: fc.integer({ min: -2, max: 9 }) })),
});

test("each unfinished action waits for exactly one reason of the closed list, and a final one for none", () => {
  fc.assert(
    fc.property(anyAction, anyFacts, time, (action, known, nowMs) => {
      const waiting = waitingReason(action, known, LIMITS, nowMs);
      assert.equal(waiting === null, isFinal(action.status));
      if (waiting === null) return;
      assert.ok(Value.Check(WaitingWire, waitingWire(waiting)), JSON.stringify(waiting));
      const { linked, quarantined } = known.machine;
      const isAway = waiting.reason === "DeviceOffline" || waiting.reason === "DeviceOfflineWhileRunning";
      assert.equal(isAway, !linked && !quarantined);
      if ("index" in waiting) assert.ok(waiting.index >= 0 && waiting.index < action.commands.length);
    }),
  );
});
