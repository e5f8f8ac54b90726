import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { type Hello, LINK_CLOSE, LINK_VERSION, Order, type SignedSecretKey } from "@halligan/protocol/link";
import { signSecretKey } from "@halligan/protocol/link-crypto";
import { Compile } from "typebox/compile";
import { until } from "../../../../protocol/test/support/until.ts";
import { orderFor } from "../../../src/domain/actions/order.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { MACHINE_ID, sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const JOURNAL_ID = "1".repeat(32);
const SEALED = "A".repeat(80);

const newKey = () => generateKeyPairSync("x25519").privateKey;

test("the key of a hello is stored when the device has signed it, replaced by the next one, and gone without one", async () => {
  await using service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const pair = generateKeyPairSync("ed25519");
  const link = await enrolledMachine(service, LINK_VERSION, pair);
  let rollingValue: string | null = null;
  const stored = async () => (await service.store.read((tx) => tx.machines.byId(MACHINE_ID)))?.secretKey;
  const connect = async (secretKey: SignedSecretKey | null) => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    const continuity: Hello["continuity"] = { processId: "a".repeat(32), rollingValue };
    const change: Partial<Hello> = {
      journalId: JOURNAL_ID,
      orderKeySet: 0,
      continuity,
      ...(secretKey && { secretKey }),
    };
    device.hello(change);
    await until(() => device.has("helloAnswer") || device.closeCode !== null, "the end of the hello");
    const answer = device.frames.find((frame) => frame.type === "helloAnswer");
    if (answer?.type !== "helloAnswer" || answer.rollingValue === undefined) return device;
    rollingValue = answer.rollingValue;
    device.send({ type: "kept", rollingValue });
    return device;
  };
  assert.equal(await stored(), null);
  const first = signSecretKey(MACHINE_ID, newKey(), pair.privateKey);
  await connect(first);
  assert.deepEqual(await stored(), first);
  const second = signSecretKey(MACHINE_ID, newKey(), pair.privateKey);
  await connect(second);
  assert.deepEqual(await stored(), second);
  const forged = signSecretKey(MACHINE_ID, newKey(), generateKeyPairSync("ed25519").privateKey);
  for (const wrong of [
    forged,
    { ...second, key: forged.key },
    signSecretKey("cd".repeat(20), newKey(), pair.privateKey),
  ]) {
    assert.equal((await connect(wrong)).closeCode, LINK_CLOSE.protocol);
    assert.deepEqual(await stored(), second, "the stored key stays");
  }
  await connect(null);
  assert.equal(await stored(), null, "an older agent takes no secrets");
  await gateway.close();
});

test("an agent that does not know secrets refuses the order, the action says to upgrade it, and drops the ciphertext", async () => {
  await using service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const order = sampleOrder({ journalId: JOURNAL_ID });
  const key = "A".repeat(43);
  const secrets = { key, values: [{ name: "TOKEN", sealed: SEALED }] };
  const action = sampleAction({ order, secrets });
  const sent = orderFor(action, service.limits.order, 0);
  assert.deepEqual(sent.secretEnv, secrets);
  assert.ok(Compile(Order).Check(sent));
  assert.ok(!("secretEnv" in orderFor(sampleAction({ order }), service.limits.order, 0)), "absent without secrets");
  await service.store.write((tx) => tx.actions.insert(action));
  const device = link(gateway);
  await until(() => device.isWelcome, "the welcome frame");
  device.hello({ journalId: JOURNAL_ID, highestOrderSeq: 0, orders: [] });
  await until(() => device.has("helloAnswer"), "a helloAnswer frame");
  const { orderSeq } = order;
  device.send({ type: "refused", actionId: action.id, orderSeq, code: "malformed", message: "Not understood." });
  const ended = await until(async () => {
    const found = await service.store.read((tx) => tx.actions.byId(action.id));
    return found?.status === "Failed" && found;
  }, "the end of the action");
  const texts = ended.commands.flatMap(({ errors }) => errors).join();
  assert.match(texts, /\(malformed\): Not understood\. Its agent is older than secrets\. Upgrade it/);
  assert.deepEqual(ended.secrets, { key, values: [{ name: "TOKEN", sealed: null }] });
  assert.equal(orderFor(ended, service.limits.order, 0).secretEnv, undefined);
  await gateway.close();
});
