import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hello } from "@halligan/protocol/link";
import {
  heldOrderVerdict,
  isStartGranted,
  judgeOpenOrder,
  nextConnectionStep,
} from "../../../src/domain/agents/connection-work.ts";
import { JOURNAL_ID, START_ID, sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

const hello = (change: Partial<Hello> = {}): Hello => ({
  type: "hello",
  journalId: JOURNAL_ID,
  highestOrderSeq: 6,
  orders: [],
  facts: {
    computerDnsName: "lab-1",
    osPlatform: "Linux",
    version: null,
    osVersion: null,
    osBuild: null,
    osArchitecture: "64-bit",
    osProcessor: null,
    agentVersion: "0.1.0",
    ipAddresses: [],
  },
  ...change,
});
const LAST_ORDER_SEQ = 7;
const out = sampleAction({ order: sampleOrder() });
const started = {
  ...out,
  status: "InProgress" as const,
  commands: [sampleCommand({ status: "Executing", startedAtMs: 1_700 })],
};
const held = { actionId: out.id, orderSeq: 7, commands: [{ index: 0, state: "running" as const }] };

test("a cancelled action whose order is out is ended before anything new is claimed", () => {
  const cancelled = sampleAction({ status: "Cancelled", order: sampleOrder() });
  const waiting = sampleAction({ id: "00000000-0000-4000-8000-000000000002" });
  assert.equal(nextConnectionStep([cancelled, waiting], 0).type, "end");
  assert.equal(nextConnectionStep([waiting], 0).type, "claim");
});

test("a claim without word of a start is sent again, one with a start is left alone", () => {
  assert.equal(nextConnectionStep([out], 0).type, "resend");
  assert.equal(nextConnectionStep([started], 0).type, "idle");
  assert.equal(nextConnectionStep([], 0).type, "idle");
});

test("an order that the device never accepted is kept and sent again", () => {
  assert.equal(judgeOpenOrder(out, hello(), LAST_ORDER_SEQ).decision, "keep");
});

test("an order that the device holds goes on", () => {
  assert.equal(judgeOpenOrder(started, hello({ highestOrderSeq: 7, orders: [held] }), LAST_ORDER_SEQ).decision, "keep");
  assert.equal(heldOrderVerdict(held, started).verdict, "continue");
});

test("a device with another journal, with a journal set back, or that forgot the order loses the action", () => {
  for (const [action, told] of [
    [out, hello({ journalId: "d".repeat(32) })],
    [started, hello({ highestOrderSeq: 6 })],
    [started, hello({ highestOrderSeq: 7 })],
    [out, hello({ highestOrderSeq: 7 })],
  ] as const) {
    assert.equal(judgeOpenOrder(action, told, LAST_ORDER_SEQ).decision, "lost");
  }
});

test("what was open when the server's store was set back is lost, unless the device still holds it", () => {
  const waiting = sampleAction();
  assert.equal(judgeOpenOrder(waiting, hello({ highestOrderSeq: 7 }), LAST_ORDER_SEQ).decision, "keep");
  for (const action of [waiting, out, started]) {
    assert.equal(judgeOpenOrder(action, hello({ highestOrderSeq: 8 }), LAST_ORDER_SEQ).decision, "lost");
  }
  const holding = (state: "running" | "acknowledged") =>
    hello({ highestOrderSeq: 8, orders: [{ ...held, commands: [{ index: 0, state }] }] });
  assert.equal(judgeOpenOrder(started, holding("running"), LAST_ORDER_SEQ).decision, "keep");
  assert.equal(judgeOpenOrder(started, holding("acknowledged"), LAST_ORDER_SEQ).decision, "lost");
  const completed = { ...started, commands: [sampleCommand({ status: "Completed" }), sampleCommand()] };
  assert.equal(judgeOpenOrder(completed, holding("acknowledged"), LAST_ORDER_SEQ).decision, "keep");
});

test("a device whose journal has less of an order than it reported was restored, and loses the action", () => {
  const journaled = (state: "waiting" | "running" | "ended") =>
    hello({ highestOrderSeq: 7, orders: [{ ...held, commands: [{ index: 0, state }] }] });
  assert.equal(judgeOpenOrder(started, journaled("waiting"), LAST_ORDER_SEQ).decision, "lost");
  assert.equal(judgeOpenOrder(started, journaled("ended"), LAST_ORDER_SEQ).decision, "keep");
  const completed = { ...started, commands: [sampleCommand({ status: "Completed" }), sampleCommand()] };
  assert.equal(judgeOpenOrder(completed, journaled("running"), LAST_ORDER_SEQ).decision, "lost");
});

test("only the recorded start of a running script that is still wanted is granted", () => {
  const executing = sampleCommand({ status: "Executing", startId: START_ID });
  const running = { ...started, commands: [executing] };
  assert.equal(isStartGranted(running, 0, START_ID), true);
  assert.equal(isStartGranted(running, 0, "f".repeat(32)), false);
  assert.equal(isStartGranted(running, 1, START_ID), false);
  for (const status of ["Cancelled", "TimeOut", "Failed"] as const) {
    assert.equal(isStartGranted({ ...running, status }, 0, START_ID), false);
  }
  for (const change of [{ type: "GetFile" }, { status: "Completed" }, { status: "Created", startId: null }] as const) {
    assert.equal(isStartGranted({ ...running, commands: [{ ...executing, ...change }] }, 0, START_ID), false);
  }
});

test("a cancelled order that the device does not hold is closed", () => {
  const cancelled = sampleAction({ status: "Cancelled", order: sampleOrder() });
  assert.equal(judgeOpenOrder(cancelled, hello(), LAST_ORDER_SEQ).decision, "close");
  assert.equal(
    judgeOpenOrder(cancelled, hello({ orders: [held], highestOrderSeq: 7 }), LAST_ORDER_SEQ).decision,
    "keep",
  );
  assert.equal(heldOrderVerdict(held, cancelled).verdict, "end");
});

test("an order that the server does not know is ended, one that it has closed is forgotten", () => {
  assert.deepEqual(heldOrderVerdict(held, undefined), { verdict: "end" });
  assert.deepEqual(heldOrderVerdict({ ...held, orderSeq: 8 }, out), { verdict: "end" });
  const closed = sampleAction({ status: "Failed", order: sampleOrder({ state: "closed" }) });
  assert.deepEqual(heldOrderVerdict({ ...held, commands: [{ index: 0, state: "ended" }] }, closed), {
    verdict: "forget",
  });
});

test("an order that was given up but still runs on the device that holds it is ended there before the next one", () => {
  const lost = sampleAction({ status: "Failed", order: sampleOrder({ state: "closed" }) });
  const { verdict, reopened } = heldOrderVerdict({ ...held, commands: [{ index: 0, state: "running" }] }, lost);
  assert.equal(verdict, "end");
  assert.deepEqual(reopened, { ...lost, order: sampleOrder({ state: "out" }) });
  assert.equal(nextConnectionStep(reopened ? [reopened] : [], 0).type, "end");
});
