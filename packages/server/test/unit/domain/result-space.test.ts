import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEvent } from "../../../src/domain/actions/apply-event.ts";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import {
  CANCELLED_DELIVERY_MS,
  grantSpace,
  longestResultBytes,
  uploadRefusal,
} from "../../../src/domain/results/result-space.ts";
import { sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const FILE = { type: "GetFile" } as const;
const want = (neededMib: number) => ({ resultId: "new", neededBytes: neededMib * MIB, longestBytes: GIB });
const quota = (of: "machine" | "deployment", limitMib: number, usedMib: number) => ({
  of,
  limitBytes: limitMib * MIB,
  usedBytes: usedMib * MIB,
});

test("space is granted in steps, exactly where no step fits, and not beyond a quota", () => {
  const grant = (neededMib: number, limitMib: number, ownMib = 0) => {
    const own = ownMib === 0 ? [] : [{ resultId: "new", bytes: ownMib * MIB }];
    const answer = grantSpace(FILE, own, want(neededMib), [quota("machine", limitMib, ownMib)]);
    return answer.code === "granted" ? answer.bytes / MIB : answer.of;
  };
  assert.deepEqual(
    [grant(8, 1_000), grant(72, 1_000, 64), grant(8, 1_000, 64), grant(8, 10), grant(16, 16, 8), grant(16, 15, 8)],
    [64, 128, 64, 8, 16, "machine"],
  );
});

test("the newest upload of a command replaces the oldest, whose space is free for it", () => {
  const uploads = [
    { resultId: "oldest", bytes: 600 * MIB },
    { resultId: "older", bytes: 300 * MIB },
  ];
  const answer = grantSpace(FILE, uploads, want(700), [quota("machine", 1_000, 900)]);
  assert.deepEqual(answer, { code: "granted", bytes: 700 * MIB, replaced: ["oldest"] });
  const refused = grantSpace(FILE, uploads, want(701), [quota("machine", 2_000, 900), quota("deployment", 1_000, 900)]);
  assert.deepEqual(refused, { code: "ResultQuotaExceeded", of: "deployment" });
});

test("a transcript is bounded by the output of its script and waits for no quota: it cannot be made again", () => {
  const limits = { resultLimitBytes: 64 * GIB, order: { outputLimitBytes: 10 * MIB } };
  assert.equal(longestResultBytes({ type: "RunScript" }, sampleAction(), limits), 121 * MIB);
  assert.equal(longestResultBytes(FILE, sampleAction(), limits), 64 * GIB);
  const script = { type: "RunScript" } as const;
  const answer = grantSpace(script, [], { ...want(8), longestBytes: 121 * MIB }, [quota("machine", 10, 10)]);
  assert.equal(answer.code, "granted");
});

test("no bytes are taken after a command's end or a cancel, but for what a cancelled script has written so far", () => {
  const running = sampleAction({ status: "InProgress", order: sampleOrder() });
  const cancelled: MachineAction = { ...running, status: "Cancelled", finalAtMs: 5_000 };
  assert.deepEqual([uploadRefusal(running, 0, 5_000), uploadRefusal(running, 1, 5_000)], [null, null]);
  assert.equal(uploadRefusal(cancelled, 0, 5_000 + CANCELLED_DELIVERY_MS), null);
  assert.match(uploadRefusal(cancelled, 0, 5_001 + CANCELLED_DELIVERY_MS) ?? "", /cancelled/);
  assert.match(uploadRefusal(cancelled, 1, 5_000) ?? "", /cancelled/);
  assert.equal(
    uploadRefusal({ ...running, status: "TimeOut", finalAtMs: 5_000 }, 1, 900_000),
    null,
    "a late result is kept",
  );
  const ended = sampleAction({ commands: [sampleCommand({ status: "Completed" })] });
  assert.match(uploadRefusal(ended, 0, 0) ?? "", /ended/);
  assert.match(uploadRefusal(ended, 4, 0) ?? "", /no command 4/);
  const [failed, later] = [sampleCommand({ status: "Failed" }), sampleCommand()];
  // Its device makes the order be out again by reporting that it still runs the later command.
  const reopened = sampleAction({ status: "Failed", order: sampleOrder(), commands: [failed, later] });
  assert.match(uploadRefusal(reopened, 1, 0) ?? "", /earlier command failed/);
});

test("a refusal for lack of space shows while it lasts, once, and stays as a note when the command has ended", () => {
  const first = sampleCommand({ type: "GetFile", status: "Executing", startedAtMs: 1_000 });
  let action = sampleAction({ status: "InProgress", order: sampleOrder(), commands: [first] });
  const apply = (event: Parameters<typeof applyEvent>[1], nowMs: number): boolean => {
    const transition = applyEvent(action, event, nowMs);
    assert.ok(transition.kind === "changed" || transition.kind === "unchanged");
    action = transition.action;
    return transition.kind === "changed";
  };
  const refused = { type: "transferRefused", index: 0, code: "InsufficientStorage" } as const;
  assert.equal(apply({ type: "transferResumed", index: 0 }, 1_500), false);
  assert.deepEqual([apply(refused, 2_000), apply(refused, 3_000)], [true, false]);
  assert.deepEqual(action.commands[0]?.refusal, { code: "InsufficientStorage", sinceMs: 2_000, untilMs: null });
  assert.equal(action.status, "InProgress");
  assert.deepEqual([apply({ type: "transferResumed", index: 0 }, 62_000), apply(refused, 63_000)], [true, true]);
  apply({ type: "transferResumed", index: 0 }, 92_000);
  apply({ type: "ended", index: 0, outcome: "completed", errors: ["it grew"], result: null }, 100_000);
  assert.equal(action.status, "Succeeded");
  assert.equal(action.commands[0]?.refusal, undefined);
  assert.deepEqual(action.commands[0]?.errors[0], "it grew");
  assert.match(action.commands[0]?.errors[1] ?? "", /waited 90 s, because the server is out of storage space/);
  assert.equal(apply(refused, 101_000), false, "a final action is left alone");
});
