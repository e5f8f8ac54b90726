import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import { orderKeysSigningBytes } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { orderKeysFrame } from "../../../src/gateway/agent-connection/order-keys-frame.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import type { OrderKeyPair } from "../../../src/service/context.ts";
import { orderKeyPair } from "../../../src/setup/keys/keys.ts";
import { MACHINE_ID, sampleAction } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const newPair = () =>
  orderKeyPair(String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" })));
const [old, present, next] = [newPair(), newPair(), newPair()];
const recovery = { key: { keyId: "f".repeat(64), publicKey: "r".repeat(43) }, set: null };
const keysOf = (...[signing = present, ...others]: OrderKeyPair[]) => ({
  order: { signing, accepted: [signing, ...others] },
  orderKeySet: 7,
  recovery,
});
const ring = keysOf(present, next, old);
/** The keys in the form of link version 1. */
const pins = (...keys: OrderKeyPair[]) => ({ version: 1, keyIds: keys.map(({ keyId }) => keyId), setNumber: 0 });

test("a device gets the keys when it pins others, or another sequence, signed by the one that it named", () => {
  for (const pinned of [[old], [present], [present, next], [old, present], [next, present, old]]) {
    const frame = orderKeysFrame(MACHINE_ID, ring, pins(...pinned));
    assert.ok(frame);
    assert.equal(frame.keyId, pinned[0]?.keyId);
    const signer = createPublicKey(pinned[0]?.privateKey ?? present.privateKey);
    assert.ok(verify(null, orderKeysSigningBytes(frame.payload), signer, Buffer.from(frame.signature, "base64url")));
    const keys = ring.order.accepted.map(({ keyId, publicKey }) => ({ keyId, publicKey }));
    assert.deepEqual(JSON.parse(frame.payload), { v: 1, machineId: MACHINE_ID, keys });
  }
});

test("a device that pins exactly these gets no keys, and neither does one whose key is not here", () => {
  assert.equal(orderKeysFrame(MACHINE_ID, ring, pins(...ring.order.accepted)), null);
  assert.equal(orderKeysFrame(MACHINE_ID, keysOf(present), pins(present)), null);
  assert.equal(orderKeysFrame(MACHINE_ID, keysOf(present), pins(old, present)), null);
});

test("a key that was retired is taken from a device that still pins it", () => {
  const frame = orderKeysFrame(MACHINE_ID, keysOf(present), pins(present, old));
  assert.deepEqual(JSON.parse(frame?.payload ?? "").keys.length, 1);
});

test("a device of link version 2 gets a set whose number is above its own, with the recovery key, and no other", () => {
  const at = (setNumber: number) => orderKeysFrame(MACHINE_ID, ring, { ...pins(old), version: 2, setNumber });
  const { v, number, recoveryKey } = JSON.parse(at(6)?.payload ?? "");
  assert.deepEqual([v, number, recoveryKey], [2, 7, recovery.key]);
  assert.deepEqual([at(7), at(8)], [null, null]);
});

test("on a link the keys come after the answer to the hello and before any order", async () => {
  await using service = await openService();
  const device = await enrolledMachine(service);
  const { signing } = service.keys.order;
  const rotated = { ...service, keys: { ...service.keys, order: { signing: next, accepted: [next, signing] } } };
  const gateway = new Gateway(rotated, { pingIntervalMs: 20_000, maxConnections: 10 });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => gateway.close());
  await service.store.write((tx) => tx.actions.insert(sampleAction({ deadlineMs: null })));
  const link = device(gateway);
  await until(() => link.isWelcome, "the welcome frame");
  link.hello();
  await until(() => link.has("order"), "an order frame");
  assert.deepEqual(
    link.frames.map(({ type }) => type),
    ["welcome", "helloAnswer", "orderKeys", "order"],
  );
});
