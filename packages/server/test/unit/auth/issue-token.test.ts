import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeJwt } from "jose";
import type { Caller } from "../../../src/auth/caller.ts";
import { hashSecret } from "../../../src/auth/secret-hash.ts";
import { acceptedAudiences } from "../../../src/auth/tokens/audiences.ts";
import { loadSigningKey } from "../../../src/auth/tokens/signing-key.ts";
import { parseTokenRequest } from "../../../src/auth/tokens/token-request.ts";
import { assertionReplay } from "../../../src/service/identity/claim-assertion.ts";
import { issueToken } from "../../../src/service/identity/issue-token.ts";
import { removeApplicationSecret } from "../../../src/service/identity/remove-application-secret.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { type Claims, NOW, newKey, sign } from "./outside-fixture.ts";

const PUBLIC_URL = "https://halligan.example";
const TENANT = "11111111-1111-1111-1111-111111111111";
const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const key = newKey("RS256", "soar-2026");
const CLAIMS: Claims = {
  iss: "c1",
  sub: "c1",
  aud: `${PUBLIC_URL}/${TENANT}/oauth2/v2.0/token`,
  jti: "j1",
  exp: NOW / 1000 + 600,
};

const ADMINISTRATOR: Caller = { kind: "application", id: "a", clientId: "a", name: "administrator", roles: new Set() };

/** A store with one application that has a secret and a key, and one that has only a secret. */
async function world(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "halligan-tokens-"));
  const store = await SqliteStore.open(join(folder, "halligan.db"));
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  const common = {
    roles: ["Machine.Read.All" as const],
    createdAtMs: NOW,
    ownerId: null,
    tokenGeneration: 0,
  };
  const secrets = (id: string) => [{ id, sha256: hashSecret("s3cret"), createdAtMs: NOW, expiresAtMs: null }];
  await store.write(async (tx) => {
    await tx.applications.insert({
      ...common,
      clientId: "c1",
      name: "Playbook",
      keys: [key.jwk],
      secrets: secrets("s1"),
    });
    await tx.applications.insert({ ...common, clientId: "c2", name: "Other", keys: [], secrets: secrets("s2") });
  });
  const { privateKey } = newKey("EdDSA", "ours");
  const endpoint = {
    tenant: { id: TENANT, names: [] },
    key: await loadSigningKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    replay: assertionReplay(store),
  };
  const context = {
    store,
    publicUrl: PUBLIC_URL,
    clock: { nowMs: () => NOW, monotonicMs: () => 0, after: () => () => {} },
    ids: { guid: () => "g", random: () => new Uint8Array(32) },
  };
  /** The application of the token, or the refusal. */
  const ask = async (form: Record<string, string>, version: "v1" | "v2" = "v2"): Promise<string> => {
    const fields = { grant_type: "client_credentials", resource: PUBLIC_URL, ...form };
    const request = parseTokenRequest(new URLSearchParams(fields), version, acceptedAudiences(PUBLIC_URL));
    const answer = request.ok ? await issueToken(context, endpoint, request.value, version) : request;
    if (!answer.ok) return `${answer.error.status} ${answer.error.error}: ${answer.error.error_description}`;
    const { appid, roles } = decodeJwt(answer.value.accessToken);
    return `${appid} ${roles}`;
  };
  return Object.assign(ask, { context });
}

test("a secret gives a token; a wrong secret and an unknown application are refused alike", async (t) => {
  const ask = await world(t);
  assert.equal(await ask({ client_id: "c1", client_secret: "s3cret" }), "c1 Machine.Read.All");
  const wrong = await ask({ client_id: "c1", client_secret: "other" });
  assert.match(wrong, /^401 invalid_client/);
  assert.equal(await ask({ client_id: "c9", client_secret: "s3cret" }), wrong);
});

test("an assertion gives a token, once, at both endpoints, with or without client_id", async (t) => {
  const ask = await world(t);
  const withAssertion = async (claims: Claims, form = {}, version: "v1" | "v2" = "v2") =>
    ask({ client_assertion_type: TYPE, client_assertion: await sign(key, { ...CLAIMS, ...claims }), ...form }, version);
  assert.equal(await withAssertion({}), "c1 Machine.Read.All");
  assert.match(
    await withAssertion({}),
    /^401 invalid_client: client_assertion is not accepted: its jti was used before/,
  );
  assert.equal(await withAssertion({ jti: "j2" }, { client_id: "c1" }, "v1"), "c1 Machine.Read.All");
  assert.equal(await withAssertion({ jti: "j3", aud: `${PUBLIC_URL}/${TENANT}/oauth2/token` }), "c1 Machine.Read.All");
  assert.equal(await withAssertion({ jti: "j4", aud: `${PUBLIC_URL}/${TENANT}/v2.0` }), "c1 Machine.Read.All");
  assert.match(await withAssertion({ jti: "j5", aud: "https://login.example" }), /^401 invalid_client: .*aud must be/);
});

test("who did not sign with a registered key learns nothing of who is registered", async (t) => {
  const ask = await world(t);
  const stranger = newKey("RS256", "soar-2026");
  const from = async (clientId: string, signer = stranger) => {
    const assertion = await sign(signer, { ...CLAIMS, iss: clientId, sub: clientId });
    return ask({ client_assertion_type: TYPE, client_assertion: assertion, client_id: clientId });
  };
  const refusal = await from("c1");
  assert.match(refusal, /^401 invalid_client: client_assertion is not signed with a key/);
  for (const clientId of ["c2", "c9"]) assert.equal(await from(clientId), refusal, clientId);
  assert.equal(await from("c2", key), refusal, "the key of another application");
});

test("an assertion of one application is no proof for another one", async (t) => {
  const ask = await world(t);
  const assertion = await sign(key, CLAIMS);
  assert.match(
    await ask({ client_assertion_type: TYPE, client_assertion: assertion, client_id: "c2" }),
    /^401 invalid_client/,
  );
  const forged = await sign(key, { ...CLAIMS, sub: "c2" });
  assert.match(
    await ask({ client_assertion_type: TYPE, client_assertion: forged, client_id: "c1" }),
    /iss and sub must be the client_id/,
  );
});

test("an older application with a key and a secret signs in by both until its secret is removed, then by its key", async (t) => {
  const ask = await world(t);
  const byKey = async () =>
    ask({ client_assertion_type: TYPE, client_assertion: await sign(key, { ...CLAIMS, jti: randomUUID() }) });
  assert.equal(await ask({ client_id: "c1", client_secret: "s3cret" }), "c1 Machine.Read.All");
  assert.equal(await byKey(), "c1 Machine.Read.All");
  const { context } = ask;
  assert.deepEqual(await removeApplicationSecret(context, ADMINISTRATOR, "C1"), { ok: true, value: null });
  assert.match(await ask({ client_id: "c1", client_secret: "s3cret" }), /^401 invalid_client/);
  assert.match(await ask({ client_id: "c1", client_secret: "" }), /^400 invalid_request/);
  assert.equal(await byKey(), "c1 Machine.Read.All");
  // Nothing can be removed, so nothing is recorded.
  assert.equal((await removeApplicationSecret(context, ADMINISTRATOR, "c1")).ok, true);
  const filter = { machineId: null, actionId: null, actorId: null, operations: null, beforeSeq: null, limit: 9 };
  const { records } = await context.store.read((tx) => tx.audit.list(filter, { kind: "all" }));
  assert.deepEqual(
    records.map(({ operation, detail }) => [operation, detail]),
    [["DeleteApplicationSecret", { clientId: "c1" }]],
  );
});
