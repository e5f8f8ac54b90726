import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { fetchJsonWithin } from "../../../src/auth/oidc/fetch-json.ts";
import { KEY_TIMES } from "../../../src/auth/oidc/issuer-keys.ts";
import { createOutsideIssuers } from "../../../src/auth/oidc/outside-issuers.ts";
import { createTokenVerifier } from "../../../src/auth/tokens/token-verifier.ts";
import { parseOidcIssuers } from "../../../src/config/oidc-issuers.ts";
import { OidcIssuer } from "./oidc-issuer.ts";

const AUDIENCE = "https://halligan.example";

/** A real issuer, and a verifier that is configured for it by the text of a settings file. */
async function world(t: TestContext, audiences = [AUDIENCE]) {
  const issuer = new OidcIssuer(AUDIENCE);
  await issuer.start();
  t.after(() => issuer.stop());
  const settings = parseOidcIssuers(
    JSON.stringify([
      {
        issuer: issuer.issuer,
        audiences,
        algorithms: ["ES256"],
        claims: { scopes: "scope" },
        allowApplications: true,
        allowUsers: true,
      },
    ]),
  );
  const time = { ms: 0 };
  const lines: string[] = [];
  const outside = createOutsideIssuers(settings, [], {
    fetchJson: fetchJsonWithin(),
    clock: { monotonicMs: () => time.ms },
    log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
  });
  t.after(() => outside[Symbol.dispose]());
  const verifier = createTokenVerifier({ keys: [], issuers: [], audiences: [], tenant: "t", outside });
  const reasonOf = async (token: string, nowMs = Date.now()) => {
    const answer = await verifier.verify(token, nowMs);
    return answer.kind === "refused" ? answer.reason : answer.id;
  };
  return { issuer, verifier, reasonOf, time, lines };
}

test("an application of a real issuer is known by its token", async (t) => {
  const { issuer, verifier } = await world(t);
  assert.deepEqual(await verifier.verify(await issuer.applicationToken(), Date.now()), {
    kind: "application",
    id: `${issuer.issuer}#soar`,
    clientId: `${issuer.issuer}#soar`,
    name: `soar (${issuer.issuer})`,
    roles: new Set(["Machine.Read.All", "Library.Manage"]),
  });
});

test("a user of a real issuer is known by their token, with scopes and groups", async (t) => {
  const { issuer, verifier } = await world(t);
  const token = await issuer.userToken("alice", "Machine.Read Machine.LiveResponse");
  assert.deepEqual(await verifier.verify(token, Date.now()), {
    kind: "user",
    id: `${issuer.issuer}#alice`,
    clientId: `${issuer.issuer}#soar`,
    name: "alice@example.org",
    scopes: new Set(["Machine.Read", "Machine.LiveResponse"]),
    groups: ["soc"],
  });
});

test("its id tokens, its tokens for others and its expired ones are refused", async (t) => {
  const { issuer, reasonOf } = await world(t);
  assert.equal(await reasonOf(await issuer.idToken("alice", Math.floor(Date.now() / 1000) + 600)), "WrongAudience");
  assert.equal(await reasonOf(await issuer.applicationToken(), Date.now() + 700_000), "Expired");
  const careless = await world(t, ["soar"]);
  const idToken = await careless.issuer.idToken("alice", Math.floor(Date.now() / 1000) + 600);
  assert.equal(
    await careless.reasonOf(idToken),
    "WrongKind",
    "also where the audience was set to the sign-in application",
  );
  assert.equal(await careless.reasonOf(await careless.issuer.applicationToken()), "WrongAudience");
});

test("after it starts again with other keys its new tokens are good and the old ones are not", async (t) => {
  const { issuer, reasonOf, time } = await world(t);
  const old = await issuer.applicationToken();
  assert.equal(await reasonOf(old), `${issuer.issuer}#soar`);
  await issuer.stop();
  await issuer.start();
  time.ms += KEY_TIMES.cooldownMs;
  assert.equal(await reasonOf(await issuer.applicationToken()), `${issuer.issuer}#soar`);
  assert.equal(await reasonOf(old, Date.now() + 300_000), "UnknownKey", "checked again after five minutes");
});

test("while it is down its tokens are refused with a log line that says so, and are good when it is back", async (t) => {
  const { issuer, reasonOf, time, lines } = await world(t);
  const token = await issuer.applicationToken();
  await issuer.stop();
  assert.equal(await reasonOf(token), "IssuerUnreachable");
  assert.match(lines.join(""), /its tokens are refused/);
  assert.match(lines.join(""), /ECONNREFUSED/);
  await issuer.start();
  time.ms += KEY_TIMES.cooldownMs;
  assert.equal(await reasonOf(await issuer.applicationToken(), Date.now() + 5_000), `${issuer.issuer}#soar`);
});
