import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { FrameSeal } from "@halligan/protocol/link-crypto";

const KEY = "\u0007\u00ff".repeat(16);
const TEXTS = ["first", '{"type":"ping"}', "", "ü\u{1f600}"];

/** Both ends of one direction, and what the first end sealed. */
function direction() {
  const from = new FrameSeal(KEY);
  return { from, to: new FrameSeal(KEY), sealed: TEXTS.map((text) => from.seal(text)) };
}

test("the code is HMAC-SHA-256 over the number of the text and the text", () => {
  const hmac = createHmac("sha256", Buffer.from(KEY, "latin1")).update("1\nü").digest("base64url");
  const seal = new FrameSeal(KEY);
  seal.seal("before");
  assert.equal(seal.seal("ü"), `${hmac.slice(0, 22)}ü`);
});

test("texts open in the order in which they were sealed", () => {
  const { to, sealed } = direction();
  assert.deepEqual(
    sealed.map((text) => to.open(text)),
    TEXTS,
  );
});

test("a text that was changed in any place, cut or made longer does not open", () => {
  const whole = direction().sealed[0] ?? "";
  const changed = [...whole].map(
    (_, at) => `${whole.slice(0, at)}${whole[at] === "A" ? "B" : "A"}${whole.slice(at + 1)}`,
  );
  for (const text of [...changed, whole.slice(1), whole.slice(0, -1), `${whole} `, "", "A".repeat(22)]) {
    assert.equal(direction().to.open(text), null, text);
  }
});

test("a text that was repeated, left out or moved does not open", () => {
  const [first = "", second = "", third = ""] = direction().sealed;
  for (const order of [
    [first, first],
    [first, third],
    [second, first],
  ]) {
    const { to } = direction();
    assert.ok(
      order.map((text) => to.open(text)).some((opened) => opened === null),
      order.join(),
    );
  }
});

test("a text of the other direction or of another connection does not open", () => {
  const other = new FrameSeal("\u0008".repeat(32));
  assert.equal(direction().to.open(other.seal("first")), null);
});

test("the reason of a close frame holds for its code, its words and its place only", () => {
  const close = () => {
    const { from, to, sealed } = direction();
    for (const text of sealed) to.open(text);
    return { to, reason: from.sealClose(4410, "the machine was retired") };
  };
  const whole = close();
  assert.equal(whole.to.openClose(4410, whole.reason), "the machine was retired");
  for (const change of [
    ({ to, reason }: ReturnType<typeof close>) => to.openClose(4423, reason),
    ({ to, reason }: ReturnType<typeof close>) => to.openClose(4410, `${reason}.`),
    ({ to }: ReturnType<typeof close>) => to.openClose(4410, "the machine was retired"),
    ({ reason }: ReturnType<typeof close>) => new FrameSeal(KEY).openClose(4410, reason),
  ]) {
    assert.equal(change(close()), null);
  }
});
