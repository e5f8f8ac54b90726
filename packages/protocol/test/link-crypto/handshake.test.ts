import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { decodeHandshakeAnswer, LINK_VERSION } from "@halligan/protocol/link";
import { DeviceHandshake, FrameSeal, signRefusal, signWelcome } from "@halligan/protocol/link-crypto";

const device = generateKeyPairSync("ed25519").privateKey;
const server = generateKeyPairSync("ed25519");
const CLAIM = { version: LINK_VERSION, machineId: "ab".repeat(20), serverKeyId: "cd".repeat(32) };
const WELCOME = { linkVersion: LINK_VERSION, linkEpoch: 3, serverTimeMs: 1_000, ticket: "t", pingIntervalMs: 500 };

function shake() {
  const challenge = randomBytes(32);
  const handshake = new DeviceHandshake(challenge, CLAIM, device);
  const transcript = { challenge, answer: handshake.answer };
  const ephemeralKey = decodeHandshakeAnswer(handshake.answer)?.ephemeralKey ?? new Uint8Array();
  const signed = signWelcome(transcript, ephemeralKey, WELCOME, server.privateKey);
  assert.ok(signed);
  return { handshake, transcript, signed };
}

test("both sides get the same keys, and each direction its own", () => {
  const { handshake, signed } = shake();
  const opened = handshake.open(signed.frame, server.publicKey);
  assert.ok(opened);
  assert.equal(opened.content.linkEpoch, 3);
  const sealed = new FrameSeal(signed.keys.toAgent).seal("order");
  assert.equal(new FrameSeal(opened.keys.toAgent).open(sealed), "order");
  assert.equal(new FrameSeal(opened.keys.toServer).open(sealed), null);
});

test("a welcome that another key signed, that was changed, or that is of another connection is not opened", () => {
  const { handshake, signed } = shake();
  const { frame } = signed;
  const other = generateKeyPairSync("ed25519").publicKey;
  assert.equal(handshake.open(frame, other), null);
  const later = frame.payload.replace('"serverTimeMs":1000', '"serverTimeMs":1001');
  assert.equal(handshake.open({ ...frame, payload: later }, server.publicKey), null);
  assert.equal(handshake.open({ ...frame, signature: "A".repeat(86) }, server.publicKey), null);
  assert.equal(handshake.open(shake().signed.frame, server.publicKey), null);
});

test("a device's key that makes the secret known to everyone is refused", () => {
  const { transcript } = shake();
  assert.equal(signWelcome(transcript, new Uint8Array(32), WELCOME, server.privateKey), null);
  assert.equal(signWelcome(transcript, new Uint8Array(31), WELCOME, server.privateKey), null);
});

test("a refusal is believed for this connection, its code and its words only", () => {
  const { handshake, transcript } = shake();
  const reason = signRefusal(transcript, 4410, "not accepted", server.privateKey);
  assert.equal(handshake.refusal(4410, reason, server.publicKey), "not accepted");
  assert.equal(handshake.refusal(4423, reason, server.publicKey), null);
  assert.equal(handshake.refusal(4410, `${reason}!`, server.publicKey), null);
  assert.equal(handshake.refusal(4410, "the machine was retired", server.publicKey), null);
  assert.equal(shake().handshake.refusal(4410, reason, server.publicKey), null);
});

test("an answer cannot be turned into one of another version: the sizes differ and the version is signed", () => {
  const { handshake } = shake();
  const shorter = Buffer.concat([handshake.answer.subarray(0, 53), handshake.answer.subarray(-64)]);
  assert.equal(decodeHandshakeAnswer(shorter), null);
  assert.equal(decodeHandshakeAnswer(Uint8Array.of(1, ...handshake.answer.subarray(1))), null);
});
