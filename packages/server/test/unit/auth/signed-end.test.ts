import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { Ended, SignedEnd } from "@halligan/protocol/link";
import { signEnd } from "@halligan/protocol/link-crypto";
import { DeviceKey } from "../../../src/auth/signatures/device-key.ts";
import { checkInThreadPool } from "../../../src/auth/signatures/signature-check.ts";
import { checkSignedEnd } from "../../../src/auth/signatures/signed-end.ts";

const pairOf = () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey: publicKey.export({ format: "jwk" }).x ?? "" };
};
const device = pairOf();
const MACHINE_ID = "ab".repeat(20);
const TRANSCRIPT = '{"script_output":"true"}';
const SHA256 = "8".repeat(64);

const told = {
  actionId: "11111111-2222-4333-8444-000000000001",
  orderSeq: 3,
  index: 0,
  outcome: "failed" as const,
  errors: ["It said no."],
};
const uploaded = { kind: "uploaded" as const, sizeBytes: 9, sha256: SHA256 };

function reportOf(result: Ended["result"], signed: SignedEnd["result"], changes: Partial<SignedEnd> = {}): Ended {
  const end: SignedEnd = {
    v: 1,
    machineId: MACHINE_ID,
    ...told,
    startId: "5".repeat(32),
    exitCode: 1,
    result: signed,
    ...changes,
  };
  return { type: "ended", ...told, result, evidence: signEnd(end, device.privateKey) };
}
const good = reportOf({ ...uploaded, uploadId: "7".repeat(32) }, uploaded);
const check = async (report: Ended, key = device.publicKey, machineId = MACHINE_ID) =>
  (await checkSignedEnd(report, machineId, new DeviceKey(key), checkInThreadPool)) !== null;

test("a report is evidence when the device's key signed just what it says", async () => {
  assert.equal(await check(good), true);
  assert.equal(await check(reportOf(null, null)), true);
});

test("a report that says anything else than was signed is none", async () => {
  const { evidence, ...unsigned } = good;
  assert.ok(evidence && good.result?.kind === "uploaded");
  const altered: Ended[] = [
    unsigned,
    { ...good, actionId: "11111111-2222-4333-8444-000000000002" },
    { ...good, orderSeq: 4 },
    { ...good, index: 1 },
    { ...good, outcome: "completed" },
    { ...good, errors: [] },
    { ...good, errors: ["It said yes."] },
    { ...good, result: null },
    { ...good, result: { ...good.result, sizeBytes: 10 } },
    { ...good, result: { ...good.result, sha256: "0".repeat(64) } },
    { ...good, result: { kind: "inline", transcript: TRANSCRIPT } },
    { ...good, evidence: { ...evidence, payload: evidence.payload.replace("said no", "said yes") } },
    { ...good, evidence: { ...evidence, payload: `${evidence.payload} ` } },
    { ...good, evidence: { ...evidence, signature: "A".repeat(86) } },
    reportOf(null, null, { machineId: "cd".repeat(20) }),
  ];
  for (const report of altered) assert.equal(await check(report), false, JSON.stringify(report));
});

test("neither another key nor another machine's name makes it evidence", async () => {
  assert.equal(await check(good, pairOf().publicKey), false);
  assert.equal(await check(good, device.publicKey, "cd".repeat(20)), false);
});

test("the bytes of a transcript are compared with the signed SHA-256 and size", async () => {
  const sign = (transcript: string, text = transcript) => reportOf({ kind: "inline", transcript }, inlineFacts(text));
  assert.equal(await check(sign(TRANSCRIPT)), true);
  assert.equal(await check(sign(TRANSCRIPT.replace("true", "lies"), TRANSCRIPT)), false);
});

function inlineFacts(text: string): SignedEnd["result"] {
  const bytes = Buffer.from(text);
  return { kind: "inline", sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}
