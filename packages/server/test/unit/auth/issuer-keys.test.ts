import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { pino } from "pino";
import { KEY_TIMES } from "../../../src/auth/oidc/issuer-keys.ts";
import { createOutsideIssuers } from "../../../src/auth/oidc/outside-issuers.ts";
import { contactableUrl, discoveryUrl, keysUrl } from "../../../src/auth/oidc/trusted-issuer.ts";
import { ISSUER, NOW, newKey, sign, TRUSTED, USER, world } from "./outside-fixture.ts";

const first = newKey("ES256", "k1");
const second = newKey("ES256", "k2");
const ALICE = `${ISSUER}#alice-sub`;
const SILENT = pino({ level: "silent" });
const { cooldownMs, refreshAfterMs, uselessAfterMs } = KEY_TIMES;

test("keys are fetched once, when the first token comes, however many come together", async () => {
  const { outcome, asked } = world([first]);
  assert.deepEqual(asked, []);
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => sign(first, { ...USER, jti: String(i) })));
  assert.deepEqual(new Set(await Promise.all(tokens.map((token) => outcome(token)))), new Set([ALICE]));
  assert.deepEqual(asked, [`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/keys`]);
});

test("a new key is found when a token first names it; unknown names make no more than one fetch in the cooldown", async () => {
  const { outcome, asked, state } = world([first]);
  await outcome(await sign(first, USER));
  state.jwks = { keys: [first.jwk, second.jwk] };
  for (let i = 0; i < 50; i += 1) assert.equal(await outcome(await sign(first, USER, { kid: `x${i}` })), "UnknownKey");
  assert.equal(asked.length, 2, "nothing was asked within the cooldown");
  const rotated = await sign(second, USER);
  assert.equal(await outcome(rotated), "UnknownKey");
  state.atMs += cooldownMs;
  assert.equal(await outcome(rotated, NOW + 4_999), "UnknownKey", "a refusal is remembered for 5 s");
  assert.equal(asked.length, 2);
  assert.equal(await outcome(rotated, NOW + 5_000), ALICE);
  assert.equal(asked.length, 4);
});

test("a withdrawn key stops counting, also for tokens that were checked before", async () => {
  const { outcome, state } = world([first, second]);
  const token = await sign(first, USER);
  assert.equal(await outcome(token), ALICE);
  state.jwks = { keys: [second.jwk] };
  state.atMs += refreshAfterMs;
  assert.equal(await outcome(token, NOW + 299_999), ALICE, "still remembered");
  assert.equal(await outcome(token, NOW + 300_000), "UnknownKey");
  assert.equal(await outcome(await sign(first, { ...USER, jti: "2" })), "UnknownKey");
});

test("an issuer that is down keeps its last known keys for a while, then its tokens are refused", async () => {
  const { outcome, state, asked } = world([first]);
  const fresh = async (jti: number) => outcome(await sign(first, { ...USER, jti: String(jti) }));
  assert.equal(await fresh(0), ALICE);
  state.down = new Error("ECONNREFUSED");
  state.atMs = refreshAfterMs;
  assert.equal(await fresh(1), ALICE);
  assert.match(state.logged.join(), /last known ones are used for now/);
  state.atMs = uselessAfterMs;
  assert.equal(await fresh(2), "IssuerUnreachable");
  assert.match(state.logged.join(), /its tokens are refused/);
  const before = asked.length;
  assert.equal(await fresh(3), "IssuerUnreachable");
  assert.equal(asked.length, before, "not asked again within the cooldown");
  state.down = null;
  state.atMs += cooldownMs;
  assert.equal(await fresh(4), ALICE);
});

test("an issuer that answers for another issuer, from another address or with nonsense is not trusted", async () => {
  const token = await sign(first, USER);
  for (const [title, change] of [
    ["another issuer", { discovery: { issuer: "https://evil.example", jwks_uri: `${ISSUER}/keys` } }],
    ["the issuer with a slash", { discovery: { issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/keys` } }],
    ["keys on another host", { discovery: { issuer: ISSUER, jwks_uri: "https://evil.example/keys" } }],
    ["keys on another port", { discovery: { issuer: ISSUER, jwks_uri: "https://id.example:8443/keys" } }],
    ["keys without TLS", { discovery: { issuer: ISSUER, jwks_uri: "http://id.example/keys" } }],
    ["keys at the metadata address", { discovery: { issuer: ISSUER, jwks_uri: "http://169.254.169.254/" } }],
    ["keys on this machine", { discovery: { issuer: ISSUER, jwks_uri: "http://127.0.0.1/keys" } }],
    ["keys in a file", { discovery: { issuer: ISSUER, jwks_uri: "file:///etc/passwd" } }],
    ["no keys_uri", { discovery: { issuer: ISSUER } }],
    ["no document", { discovery: null }],
    ["no keys", { jwks: { keys: [] } }],
    ["a symmetric key", { jwks: { keys: [{ kty: "oct", k: "AAAA", kid: "k1" }] } }],
    ["a key for encryption", { jwks: { keys: [{ ...first.jwk, use: "enc" }] } }],
    ["a thousand keys", { jwks: { keys: Array.from({ length: 1_000 }, () => first.jwk) } }],
    ["an error body", { jwks: { error: "x" } }],
  ] as const) {
    const { outcome, state, asked } = world([first]);
    Object.assign(state, change);
    assert.equal(await outcome(token), "IssuerUnreachable", title);
    assert.ok(
      asked.every((url) => url.startsWith("https://id.example/")),
      `only the issuer's host is asked: ${title}`,
    );
  }
});

test("keys may be on another host when the setting names it", async () => {
  const { outcome, state, asked } = world([first], { keyHosts: ["keys.example"] });
  state.discovery = { issuer: ISSUER, jwks_uri: "https://keys.example/v1" };
  assert.equal(await outcome(await sign(first, USER)), ALICE);
  assert.equal(asked[1], "https://keys.example/v1");
});

test("two keys under one name, or a weak one, are no key", async () => {
  const twice = world([first]);
  twice.state.jwks = { keys: [first.jwk, { ...second.jwk, kid: "k1" }] };
  assert.equal(await twice.outcome(await sign(first, USER)), "UnknownKey");
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  const weakWorld = world([first]);
  weakWorld.state.jwks = { keys: [{ ...weak, kid: "k1" }] };
  assert.equal(await weakWorld.outcome(await sign(first, USER)), "IssuerUnreachable");
});

test("one issuer being down does not touch another one", async () => {
  const other = { ...TRUSTED, issuer: "https://other.example" };
  const outside = createOutsideIssuers([TRUSTED, other], [], {
    clock: { monotonicMs: () => 0 },
    log: SILENT,
    async fetchJson(url) {
      if (url.host === "other.example") throw new Error("down");
      return url.pathname.endsWith("/keys") ? { keys: [first.jwk] } : { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` };
    },
  });
  const answer = await outside.check(await sign(first, { ...USER, iss: other.issuer }), other.issuer);
  assert.equal(!answer.ok && answer.error.reason, "IssuerUnreachable");
  assert.ok((await outside.check(await sign(first, USER), ISSUER)).ok);
});

test("stopping the server ends a fetch under way", async () => {
  let given: AbortSignal | undefined;
  const outside = createOutsideIssuers([TRUSTED], [], {
    clock: { monotonicMs: () => 0 },
    log: SILENT,
    fetchJson: (_url, signal) => {
      given = signal;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const waiting = outside.check(await sign(first, USER), ISSUER);
  outside[Symbol.dispose]();
  const answer = await waiting;
  assert.equal(given?.aborted, true);
  assert.equal(!answer.ok && answer.error.reason, "IssuerUnreachable");
});

test("a list of issuers that cannot be meant stops the start", () => {
  const ports = {
    clock: { monotonicMs: () => 0 },
    log: SILENT,
    fetchJson: async () => null,
  };
  for (const issuer of [
    "http://id.example",
    "https://id.example/?a",
    "https://a@id.example",
    "https://ID.example",
    "x",
    "",
  ]) {
    assert.throws(() => createOutsideIssuers([{ ...TRUSTED, issuer }], [], ports), /must be an https URL/, issuer);
  }
  assert.throws(() => createOutsideIssuers([TRUSTED], [ISSUER], ports), /this server itself/);
  assert.throws(() => createOutsideIssuers([TRUSTED, TRUSTED], [], ports), /twice/);
});

test("plain http is for this machine only", () => {
  for (const url of ["http://127.0.0.1:1", "http://localhost/a", "http://[::1]:9/x", "https://a.example"]) {
    assert.notEqual(contactableUrl(url), null, url);
  }
  for (const url of [
    "http://127.0.0.1.example",
    "http://10.0.0.1",
    "http://localhost.example",
    "ftp://a",
    "https://u@a",
  ]) {
    assert.equal(contactableUrl(url), null, url);
  }
  assert.equal(discoveryUrl("https://a.example/").href, "https://a.example/.well-known/openid-configuration");
  const loopback = { issuer: "http://127.0.0.1:5000", keyHosts: [] };
  assert.equal(keysUrl(loopback, "http://127.0.0.1:5001/jwks"), null, "another port is another host");
  const secure = { issuer: "https://localhost", keyHosts: [] };
  assert.equal(keysUrl(secure, "http://localhost/jwks"), null, "what came over TLS does not lead away from it");
  assert.equal(keysUrl(loopback, "http://127.0.0.1:5000/jwks")?.pathname, "/jwks");
});
