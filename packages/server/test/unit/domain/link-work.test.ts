import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hello } from "@halligan/protocol/link";
import { heldOrderVerdict, judgeOpenOrder, nextLinkStep } from "../../../src/domain/link-work.ts";
import { JOURNAL_ID, sampleAction, sampleCommand, sampleOrder } from "./sample-action.ts";

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
  assert.equal(nextLinkStep([cancelled, waiting]).type, "end");
  assert.equal(nextLinkStep([waiting]).type, "claim");
});

test("a claim without word of a start is sent again, one with a start is left alone", () => {
  assert.equal(nextLinkStep([out]).type, "resend");
  assert.equal(nextLinkStep([started]).type, "idle");
  assert.equal(nextLinkStep([]).type, "idle");
});

test("an order that the device never accepted is kept and sent again", () => {
  assert.equal(judgeOpenOrder(out, hello()).decision, "keep");
});

test("an order that the device holds goes on", () => {
  assert.equal(judgeOpenOrder(started, hello({ highestOrderSeq: 7, orders: [held] })).decision, "keep");
  assert.equal(heldOrderVerdict(held, started).verdict, "continue");
});

test("a device with another journal, with a journal set back, or that forgot the order loses the action", () => {
  for (const [action, told] of [
    [out, hello({ journalId: "d".repeat(32) })],
    [started, hello({ highestOrderSeq: 6 })],
    [started, hello({ highestOrderSeq: 7 })],
    [out, hello({ highestOrderSeq: 9 })],
  ] as const) {
    assert.equal(judgeOpenOrder(action, told).decision, "lost");
  }
});

test("a device whose journal knows less of an order than it told is one that was set back, and loses the action", () => {
  const journaled = (state: "waiting" | "running" | "ended") =>
    hello({ highestOrderSeq: 7, orders: [{ ...held, commands: [{ index: 0, state }] }] });
  assert.equal(judgeOpenOrder(started, journaled("waiting")).decision, "lost");
  assert.equal(judgeOpenOrder(started, journaled("ended")).decision, "keep");
  const completed = { ...started, commands: [sampleCommand({ status: "Completed" }), sampleCommand()] };
  assert.equal(judgeOpenOrder(completed, journaled("running")).decision, "lost");
});

test("a cancelled order that the device does not hold is closed", () => {
  const cancelled = sampleAction({ status: "Cancelled", order: sampleOrder() });
  assert.equal(judgeOpenOrder(cancelled, hello()).decision, "close");
  assert.equal(judgeOpenOrder(cancelled, hello({ orders: [held], highestOrderSeq: 7 })).decision, "keep");
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
  assert.equal(nextLinkStep(reopened ? [reopened] : []).type, "end");
});
