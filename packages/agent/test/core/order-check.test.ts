import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { type Order, orderSigningBytes } from "@halligan/protocol/link";
import { fold, type JournalRecord, type JournalState } from "../../src/core/journal/journal.ts";
import { checkOrder, orderKeyMap } from "../../src/core/order-check.ts";
import { MACHINE_ID, script, World } from "../support/fake-ports.ts";

const world = new World();
const keys = orderKeyMap([{ keyId: world.keyId, publicKey: world.keyText }]);
const empty = fold(null, { type: "journal", version: 1, journalId: "1".padStart(32, "0") });
const order = world.order(3, [script(0)]);

function check(frame: ReturnType<World["frameOf"]>, journal: JournalState = empty, serverNowMs = 1_000_000) {
  const verdict = checkOrder(frame, { machineId: MACHINE_ID, keys, journal, serverNowMs, secretKey: null });
  return "code" in verdict ? `${verdict.kind} ${verdict.code}` : verdict.kind;
}

const withOrder = (held: Order) => fold(empty, { type: "accepted", order: held });

test("an order that is signed, fits and is new is taken", () => {
  assert.equal(check(world.frameOf(order)), "accept");
});

test("a signature by another key, over other text, or of a key that is not pinned does not hold", () => {
  const frame = world.frameOf(order);
  const other = generateKeyPairSync("ed25519").privateKey;
  const forged = sign(null, orderSigningBytes(frame.payload), other).toString("base64url");
  assert.equal(check({ ...frame, signature: forged }), "refuse badSignature");
  assert.equal(check({ ...frame, payload: frame.payload.replace("a.sh", "b.sh") }), "refuse badSignature");
  assert.equal(check({ ...frame, keyId: "f".repeat(64) }), "refuse unknownKey");
});

test("nothing of a badly signed text is believed, and one that names no action is not answered", () => {
  const frame = world.frameOf(order);
  assert.equal(check({ ...frame, payload: "{" }), "unreadable badSignature");
  assert.equal(check({ ...frame, payload: '{"actionId":"../x","orderSeq":1}' }), "unreadable badSignature");
});

test("a signed order that does not fit the schema or whose indexes are not in order is malformed", () => {
  assert.equal(check(world.frameOf({ ...order, commands: [] })), "refuse malformed");
  assert.equal(check(world.frameOf({ ...order, commands: [script(1)] })), "refuse malformed");
});

test("an order with a member that this agent does not know is refused as a whole: it may forbid what it orders", () => {
  const later = { ...script(0), runWithCare: true };
  assert.equal(check(world.frameOf({ ...order, commands: [later] })), "refuse malformed");
  for (const runAs of ["", "0", "-x", "a:b", "a\n"]) {
    const command = { ...script(0), runAs };
    assert.equal(check(world.frameOf({ ...order, commands: [command] })), "refuse malformed", runAs);
  }
  const command = { ...script(0), runAs: "alice" };
  assert.equal(check(world.frameOf({ ...order, commands: [command] })), "accept");
});

test("another machine's order, one for another journal, and a late one are refused by name", () => {
  assert.equal(check(world.frameOf({ ...order, machineId: "cd".repeat(20) })), "refuse wrongMachine");
  assert.equal(check(world.frameOf({ ...order, journalId: "2".repeat(32) })), "refuse wrongJournal");
  assert.equal(check(world.frameOf(order), empty, order.acceptByMs + 1), "refuse late");
  assert.equal(check(world.frameOf(order), empty, order.acceptByMs), "accept");
});

test("an order that is held is recognised even when it is late by now; its number for another action is not taken", () => {
  assert.equal(check(world.frameOf(order), withOrder(order), order.acceptByMs + 1), "held");
  const other = { ...order, actionId: "99999999-2222-4333-8444-000000000001" };
  assert.equal(check(world.frameOf(other), withOrder(order)), "refuse replayed");
});

test("a number that is not above the highest ever taken is a replay, also when its order is long forgotten", () => {
  const forgotten = fold(withOrder(order), { type: "forgotten", orderSeq: 3 });
  assert.equal(check(world.frameOf(order), forgotten), "refuse replayed");
  assert.equal(check(world.frameOf(world.order(2, [script(0)])), forgotten), "refuse replayed");
  assert.equal(check(world.frameOf(world.order(4, [script(0)])), forgotten), "accept");
});

test("a second order is refused as busy while the first has work, and taken when it is over but not acknowledged", () => {
  const next = world.frameOf(world.order(4, [script(0)]));
  const running = fold(withOrder(order), { type: "started", orderSeq: 3, index: 0, startId: "9".repeat(32) });
  assert.equal(check(next, running), "refuse busy");
  const end: JournalRecord = { type: "ended", orderSeq: 3, index: 0, outcome: "completed", errors: [], result: null };
  assert.equal(check(next, fold(running, end)), "accept");
});
