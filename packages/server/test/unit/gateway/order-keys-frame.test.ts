import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import { orderKeysSigningBytes } from "@halligan/protocol/link";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { orderKeysFrame } from "../../../src/gateway/order-keys-frame.ts";
import { orderKeyPair } from "../../../src/setup/keys.ts";
import { MACHINE_ID, sampleAction } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./device-on-a-link.ts";

const newPair = () =>
  orderKeyPair(String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" })));
const [old, present, next] = [newPair(), newPair(), newPair()];
const ring = { signing: present, accepted: [present, next, old] };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

test("a device is told of the keys when it pins others, or in another order, signed by the one that it named", () => {
  for (const pinned of [[old], [present], [present, next], [old, present], [next, present, old]]) {
    const frame = orderKeysFrame(
      MACHINE_ID,
      ring,
      pinned.map(({ keyId }) => keyId),
    );
    assert.ok(frame);
    assert.equal(frame.keyId, pinned[0]?.keyId);
    const signer = createPublicKey(pinned[0]?.privateKey ?? present.privateKey);
    assert.ok(verify(null, orderKeysSigningBytes(frame.payload), signer, Buffer.from(frame.signature, "base64url")));
    const keys = ring.accepted.map(({ keyId, publicKey }) => ({ keyId, publicKey }));
    assert.deepEqual(JSON.parse(frame.payload), { v: 1, machineId: MACHINE_ID, keys });
  }
});

test("a device that pins just these is told nothing, and neither is one whose key is not here", () => {
  assert.equal(
    orderKeysFrame(
      MACHINE_ID,
      ring,
      ring.accepted.map(({ keyId }) => keyId),
    ),
    null,
  );
  assert.equal(orderKeysFrame(MACHINE_ID, { signing: present, accepted: [present] }, [present.keyId]), null);
  assert.equal(orderKeysFrame(MACHINE_ID, { signing: present, accepted: [present] }, [old.keyId, present.keyId]), null);
});

test("a key that was retired is taken from a device that still pins it", () => {
  const frame = orderKeysFrame(MACHINE_ID, { signing: present, accepted: [present] }, [present.keyId, old.keyId]);
  assert.deepEqual(JSON.parse(frame?.payload ?? "").keys.length, 1);
});

test("on a link the keys come after the answer to the hello and before any order", async () => {
  await using service = await openService();
  const device = await enrolledMachine(service);
  const { signing } = service.keys.order;
  const rotated = { ...service, keys: { ...service.keys, order: { signing: next, accepted: [next, signing] } } };
  const gateway = new Gateway(rotated, { pingIntervalMs: 20_000, maxLinks: 10 });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => gateway.close());
  await service.store.write((tx) => tx.actions.insert(sampleAction({ deadlineMs: null })));
  const link = device(gateway);
  await until(() => link.isWelcome);
  link.hello();
  await until(() => link.has("order"));
  assert.deepEqual(
    link.frames.map(({ type }) => type),
    ["welcome", "helloAnswer", "orderKeys", "order"],
  );
});
