import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import {
  decodeHandshakeAnswer,
  type OrderKey,
  type OrderKeysFrame,
  orderKeysSigningBytes,
  orderSigningBytes,
} from "@halligan/protocol/link";
import { until } from "../../../protocol/test/support/until.ts";
import { checkOrderKeys, type PinnedKeys } from "../../src/core/order-keys-check.ts";
import { MACHINE_ID, script, World } from "../support/fake-ports.ts";
import { sha256 } from "../support/fake-server.ts";

const options = { timeout: 60_000 };

function newKey(): OrderKey & { privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const text = publicKey.export({ format: "jwk" }).x ?? "";
  return { keyId: sha256(Buffer.from(text, "base64url")), publicKey: text, privateKey };
}
const [old, next] = [newKey(), newKey()];
const plain = ({ keyId, publicKey }: OrderKey): OrderKey => ({ keyId, publicKey });

function frameOf(set: unknown, signer = old, bytesOf = orderKeysSigningBytes): OrderKeysFrame {
  const payload = JSON.stringify(set);
  const signature = sign(null, bytesOf(payload), signer.privateKey).toString("base64url");
  return { type: "orderKeys", payload, keyId: signer.keyId, signature };
}
const setOf = (...keys: OrderKey[]) => ({
  v: 2,
  machineId: MACHINE_ID,
  number: 2,
  keys: keys.map(plain),
  recoveryKey: null,
});
const pinsOf = (...keys: OrderKey[]): PinnedKeys => ({ keys: keys.map(plain), setNumber: 1, recoveryKey: null });
const pinned = pinsOf(old);
function check(frame: OrderKeysFrame, pins = pinned): string {
  const verdict = checkOrderKeys(frame, { machineId: MACHINE_ID, pinned: pins });
  return verdict.kind === "refuse" ? verdict.reason : verdict.kind;
}

test("a set that a pinned key has signed is pinned, unless it is the pinned one already", () => {
  assert.equal(check(frameOf(setOf(next, old))), "pin");
  assert.equal(check(frameOf({ ...setOf(old), number: 1 })), "same");
  assert.equal(check(frameOf(setOf(next, old)), pinsOf(old, next)), "pin");
});

test("a set whose number is not above that of the pinned one is refused, with the same keys or others", () => {
  for (const number of [0, 1]) {
    assert.equal(check(frameOf({ ...setOf(next, old), number })), "replayed");
    assert.equal(check(frameOf({ ...setOf(old, next), number }), pinsOf(next, old)), "replayed");
  }
});

test("a set without any pinned key is refused, unless the recovery key signed it", () => {
  assert.equal(check(frameOf(setOf(next))), "outranked");
  const recovery = newKey();
  const pins = { ...pinned, recoveryKey: plain(recovery) };
  assert.equal(check(frameOf(setOf(next)), pins), "outranked");
  assert.equal(check(frameOf(setOf(next), recovery), pins), "pin");
  assert.equal(check(frameOf({ ...setOf(next), machineId: null }, recovery), pins), "pin");
  assert.equal(check(frameOf({ ...setOf(next), number: 1 }, recovery), pins), "replayed");
  assert.equal(check(frameOf(setOf(next), recovery)), "unknownKey", "a recovery key that is not pinned");
  assert.equal(check(frameOf({ ...setOf(next, old), machineId: null })), "wrongMachine", "of an order key");
});

test("an order key gives a recovery key to a device that has none, and cannot replace one", () => {
  const [recovery, other] = [newKey(), newKey()];
  const set = { ...setOf(next, old), recoveryKey: plain(recovery) };
  assert.equal(check(frameOf(set)), "pin");
  assert.equal(check(frameOf({ ...set, recoveryKey: { ...plain(recovery), keyId: other.keyId } })), "malformed");
  const pins = { ...pinned, recoveryKey: plain(recovery) };
  assert.equal(check(frameOf({ ...set, recoveryKey: plain(other) }), pins), "outranked");
  assert.equal(check(frameOf({ ...set, recoveryKey: plain(other) }, recovery), pins), "pin");
  const verdict = checkOrderKeys(frameOf(setOf(next, old)), { machineId: MACHINE_ID, pinned: pins });
  assert.deepEqual(verdict.kind === "pin" && verdict.pinned.recoveryKey, plain(recovery), "it stays pinned");
});

test("a set with any part altered, or signed otherwise, is refused", () => {
  const frame = frameOf(setOf(next, old));
  assert.equal(check({ ...frame, payload: frame.payload.replace('"v":2', '"v": 2') }), "badSignature");
  assert.equal(
    check({ ...frame, signature: `${frame.signature.startsWith("A") ? "B" : "A"}${frame.signature.slice(1)}` }),
    "badSignature",
  );
  assert.equal(check({ ...frame, keyId: next.keyId }), "unknownKey");
  assert.equal(check(frameOf(setOf(next, old), next)), "unknownKey");
  assert.equal(check({ ...frameOf(setOf(next), next), keyId: old.keyId }), "badSignature");
  assert.equal(check(frameOf(setOf(next, old), old, orderSigningBytes)), "badSignature", "signed as an order");
});

test("a signed set for another machine, an empty one, and one that is not right in itself are refused", () => {
  assert.equal(check(frameOf({ ...setOf(next), machineId: "cd".repeat(20) })), "wrongMachine");
  for (const set of [
    setOf(),
    { ...setOf(next), v: 1 },
    { ...setOf(next), number: -1 },
    { ...setOf(next), more: 1 },
    { v: 1, machineId: MACHINE_ID, keys: [plain(next)] },
    setOf(next, next),
    setOf({ keyId: old.keyId, publicKey: next.publicKey }),
    "text",
    null,
  ]) {
    assert.equal(check(frameOf(set)), "malformed", JSON.stringify(set));
  }
});

async function linked(world: World): Promise<void> {
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  world.net.send({ type: "helloAnswer", orders: [] });
}
const named = (world: World) => decodeHandshakeAnswer(world.net.answers.at(-1) ?? new Uint8Array())?.serverKeyId;

/** A device that pins the world's key, and a set of it and a new one, signed by it. */
function rotation(world: World) {
  const own = { keyId: world.keyId, publicKey: world.keyText, privateKey: world.serverKey };
  const signedByNew = (orderSeq: number, key = next) => {
    const frame = world.frameOf(world.order(orderSeq, [script(0)]));
    const signature = sign(null, orderSigningBytes(frame.payload), key.privateKey).toString("base64url");
    return { ...frame, keyId: key.keyId, signature };
  };
  return { own, set: frameOf(setOf(next, own), own), signedByNew };
}

test(
  "a device that learns the new set takes orders by it at once, and names the new key on its next link and after a restart",
  options,
  async () => {
    await using world = new World();
    const { own, set, signedByNew } = rotation(world);
    world.start();
    await linked(world);
    assert.equal(world.net.of("hello")[0]?.orderKeyIds, undefined);
    world.net.send(signedByNew(1));
    await until(() => world.net.of("refused").length === 1, "a frame of type refused");
    assert.equal(world.net.of("refused")[0]?.code, "unknownKey");
    world.net.send(set);
    world.net.send(signedByNew(1));
    await until(() => world.net.of("ended").length === 1, "a frame of type ended");
    assert.deepEqual(world.pinned, [plain(next), plain(own)]);
    world.net.sent.length = 0;
    world.signer = next.privateKey;
    world.net.orderKey = world.signer;
    world.net.push({ kind: "closed", code: 1006, reason: "" });
    await until(() => world.net.of("hello").length > 0, "a frame of type hello");
    assert.deepEqual([named(world), world.net.of("hello")[0]?.orderKeyIds], [next.keyId, [next.keyId, own.keyId]]);
    await world.stop();
    world.start();
    await until(() => world.net.of("hello").length > 0, "a frame of type hello");
    assert.equal(named(world), next.keyId);
  },
);

test("a set that is refused, or that cannot be written, changes nothing, and the link goes on", options, async () => {
  await using world = new World();
  const { own, set, signedByNew } = rotation(world);
  world.pin = () => Promise.reject(new Error("no space"));
  world.start();
  await linked(world);
  world.net.send({ ...set, payload: set.payload.replace("{", "{ ") });
  world.net.send(set);
  world.net.send(signedByNew(1));
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual([world.net.of("refused").map(({ code }) => code), world.pinned], [["unknownKey"], [plain(own)]]);
  assert.equal(world.net.connections, 1);
});
