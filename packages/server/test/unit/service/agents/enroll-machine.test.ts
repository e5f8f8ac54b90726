import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { enrollSigningBytes } from "@halligan/protocol/link";
import { createEnrollmentToken } from "../../../../src/service/agents/create-enrollment-token.ts";
import { enrollMachine } from "../../../../src/service/agents/enroll-machine.ts";
import { quarantineMachine } from "../../../../src/service/agents/quarantine-machine.ts";
import { PLAYBOOK, testServices } from "../../../support/test-services.ts";
import { sampleMachine } from "../../domain/sample-action.ts";

test("the key of a machine in quarantine is not enrolled again, not even by the answer to its first enrollment", async () => {
  await using at = await testServices();
  const { token } = await createEnrollmentToken(at.context, PLAYBOOK, { uses: 2 });
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "jwk" }).x ?? "";
  const proof = sign(null, enrollSigningBytes(token, key), privateKey).toString("base64url");
  const request = { token, publicKey: key, proof, facts: sampleMachine().facts };
  for (let time = 0; time < 2; time += 1) assert.ok((await enrollMachine(at.context, request, "192.0.2.1")).ok);
  const machineId = createHash("sha256").update(Buffer.from(key, "base64url")).digest("hex").slice(0, 40);
  await quarantineMachine(at.context, machineId, "OldRollingValue", []);
  const refused = await enrollMachine(at.context, request, "192.0.2.1");
  assert.ok(!refused.ok && refused.error.code === "EnrollmentRefused");
  assert.match(refused.error.detail, /quarantine .* remove its data folder/);
});

test("an enrollment that is refused takes no write transaction", async () => {
  await using at = await testServices();
  const { token } = await createEnrollmentToken(at.context, PLAYBOOK, { uses: 1 });
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "jwk" }).x ?? "";
  const requestWith = (tokenText: string, signed = tokenText) => ({
    token: tokenText,
    publicKey: key,
    proof: sign(null, enrollSigningBytes(signed, key), privateKey).toString("base64url"),
    facts: sampleMachine().facts,
  });
  let writes = 0;
  const { store } = at.context;
  const write = store.write.bind(store);
  Object.assign(store, {
    write: (work: never) => {
      writes += 1;
      return write(work);
    },
  });
  const enroll = (request: Parameters<typeof enrollMachine>[1]) => enrollMachine(at.context, request, "192.0.2.1");
  for (const request of [requestWith("unknown"), requestWith(token, "another")]) {
    const refused = await enroll(request);
    assert.ok(!refused.ok && refused.error.code === "EnrollmentRefused");
  }
  assert.equal(writes, 0);
  const enrolled = await enroll(requestWith(token));
  assert.deepEqual([enrolled.ok, writes], [true, 1]);
  assert.deepEqual(await enroll(requestWith(token)), enrolled);
  assert.equal(writes, 1, "the answer that was lost is given again without one");
});
