import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { type Answer, post } from "../support/api.ts";
import { signed } from "../support/forged-token.ts";
import { assertGolden, assertOAuthError } from "../support/golden.ts";
import { at, listAt, numberAt, textAt } from "../support/json.ts";
import { rawSend } from "../support/raw-http.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * The token endpoints. `docs/contract/clients-in-the-wild.md#tokens`,
 * `docs/contract/auth.md#token-requests` and `docs/contract/auth.md#claims`.
 */
const V1_RESOURCE = "https://api.securitycenter.microsoft.com";
const V2_SCOPE = "https://api.securitycenter.microsoft.com/.default";

const own = () => ({ client_id: here().target.clientId, client_secret: here().target.clientSecret });
const v1 = (fields: Readonly<Record<string, string>>): Promise<Answer> =>
  post(here().target.tokenUrlV1, { body: new URLSearchParams(fields) });
const v2 = (fields: Readonly<Record<string, string>>): Promise<Answer> =>
  post(here().target.tokenUrl, { body: new URLSearchParams(fields) });
const goodV1 = () => ({ resource: V1_RESOURCE, ...own(), grant_type: "client_credentials" });
const goodV2 = () => ({ scope: V2_SCOPE, ...own(), grant_type: "client_credentials" });

test("v2 answers 200 with numbers as numbers", async () => {
  const answer = await v2(goodV2());
  assert.equal(answer.status, 200);
  assertGolden(answer.body, {
    token_type: "Bearer",
    expires_in: "<integer>",
    ext_expires_in: "<integer>",
    access_token: "<token>",
  });
  assert.ok(Math.abs(numberAt(answer.body, "expires_in") - 3599) <= 60, "about an hour");
});

test("v1 answers 200 with numbers as strings, and with the resource", async () => {
  const answer = await v1(goodV1());
  assert.equal(answer.status, 200);
  assertGolden(answer.body, {
    token_type: "Bearer",
    expires_in: "<number as text>",
    ext_expires_in: "<number as text>",
    expires_on: "<number as text>",
    not_before: "<number as text>",
    resource: V1_RESOURCE,
    access_token: "<token>",
  });
});

test("tokens of both endpoints are good at the API", async () => {
  const { api } = here();
  for (const answer of [await v1(goodV1()), await v2(goodV2())]) {
    const token = textAt(answer.body, "access_token");
    assert.equal((await api.get("/api/machines", { token })).status, 200);
  }
});

test("a token is good again and again", async () => {
  const { api } = here();
  for (let i = 0; i < 3; i += 1) assert.equal((await api.get("/api/machines")).status, 200);
});

for (const resource of [
  "https://api.securitycenter.microsoft.com",
  "https://api.securitycenter.windows.com",
  "https://api-eu.securitycenter.microsoft.com",
  "https://api-gcc.securitycenter.microsoft.us",
  "https://api-gov.securitycenter.microsoft.us",
  "https://api.security.microsoft.com",
]) {
  test(`v1 gives a token for the resource ${resource}, and the API takes it`, async () => {
    const { api } = here();
    for (const spelt of [resource, `${resource}/`]) {
      const answer = await v1({ ...goodV1(), resource: spelt });
      assert.equal(answer.status, 200, answer.text);
      const token = textAt(answer.body, "access_token");
      assert.equal((await api.get("/api/machines", { token })).status, 200);
    }
  });
}

for (const scope of [
  "https://securitycenter.onmicrosoft.com/windowsatpservice/.default",
  "https://api.securitycenter.microsoft.com/.default",
  "https://api.security.microsoft.com/.default",
]) {
  test(`v2 gives a token for the scope ${scope}, and the API takes it`, async () => {
    const { api } = here();
    const answer = await v2({ ...goodV2(), scope });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await api.get("/api/machines", { token: textAt(answer.body, "access_token") })).status, 200);
  });
}

test("v2 accepts a resource with or instead of the scope", async () => {
  assert.equal((await v2({ ...goodV2(), resource: V1_RESOURCE })).status, 200);
  assert.equal((await v2({ resource: V1_RESOURCE, ...own(), grant_type: "client_credentials" })).status, 200);
});

test("the fields of the form may come in any order", async () => {
  const fields: readonly [string, string][] = Object.entries(goodV2());
  for (let turn = 0; turn < fields.length; turn += 1) {
    const turned = [...fields.slice(turn), ...fields.slice(0, turn)];
    for (const order of [turned, turned.toReversed()]) {
      const answer = await v2(Object.fromEntries(order));
      assert.equal(answer.status, 200, JSON.stringify(order.map(([name]) => name)));
    }
  }
});

test("the v1 form is read as a form without any Content-Type header", async () => {
  const url = new URL(here().target.tokenUrlV1);
  const answer = await rawSend(url.origin, {
    method: "POST",
    target: url.pathname,
    body: new URLSearchParams(goodV1()).toString(),
  });
  assert.equal(answer.status, 200, answer.text);
  assert.ok(textAt(answer.body, "access_token"));
});

test("fields that are sent as JSON or as multipart are refused, and the answer says how to send them", async () => {
  const parts = new FormData();
  for (const [name, value] of Object.entries(goodV2())) parts.set(name, value);
  for (const sending of [{ json: goodV2() }, { body: parts }]) {
    const answer = await post(here().target.tokenUrl, sending);
    assertOAuthError(answer, 400, "invalid_request");
    const isOurs = onlyHalligan("its words") === false;
    if (isOurs) assert.match(textAt(answer.body, "error_description"), /; send the fields as application\/x-www-form/);
  }
});

test("the form's own content type may carry a charset", async () => {
  const answer = await post(here().target.tokenUrl, {
    body: new URLSearchParams(goodV2()).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
  });
  assert.equal(answer.status, 200, answer.text);
});

test("the tenant and the path are found in any letter case", {
  skip: onlyHalligan("its tenant in the token URL"),
}, async () => {
  for (const url of [here().target.tokenUrl, here().target.tokenUrlV1].map((one) => new URL(one))) {
    const loud = `${url.origin}${url.pathname.toUpperCase()}`;
    const answer = await post(loud, { body: new URLSearchParams({ ...goodV1(), scope: V2_SCOPE }) });
    assert.equal(answer.status, 200, answer.text);
  }
});

test("a wrong secret is 401 invalid_client in JSON, the same as for an unknown client", async () => {
  const { target } = here();
  for (const ask of [
    () => v1({ ...goodV1(), client_secret: "wrong" }),
    () => v2({ ...goodV2(), client_secret: "wrong" }),
  ]) {
    assertOAuthError(await ask(), 401, "invalid_client");
  }
  const wrong = await v2({ ...goodV2(), client_secret: `${target.clientSecret}x` });
  const unknown = await v2({ ...goodV2(), client_id: "00000000-0000-0000-0000-000000000000" });
  assertOAuthError(unknown, 401, "invalid_client");
  assert.equal(unknown.text, wrong.text);
});

for (const [grant, fields] of [
  ["password", { username: "a@b.example", password: "x" }],
  ["authorization_code", { code: "x", redirect_uri: "https://localhost" }],
  ["refresh_token", { refresh_token: "x" }],
  ["device_code", { device_code: "x" }],
  ["urn:ietf:params:oauth:grant-type:device_code", { device_code: "x" }],
  ["urn:ietf:params:oauth:grant-type:jwt-bearer", { assertion: "x" }],
  ["made_up", {}],
] as const) {
  test(`the grant ${grant} is refused by name on both endpoints`, {
    skip: onlyHalligan("its choice of grants"),
  }, async () => {
    for (const answer of [
      await v1({ ...goodV1(), ...fields, grant_type: grant }),
      await v2({ ...goodV2(), ...fields, grant_type: grant }),
    ]) {
      assertOAuthError(answer, 400, "unsupported_grant_type");
    }
  });
}

test("a certificate's assertion that is not one is refused in JSON, never taken", async () => {
  const { client_id } = own();
  const answer = await v2({
    scope: V2_SCOPE,
    client_id,
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "eyJhbGciOiJub25lIn0.e30.",
  });
  assert.ok(answer.status === 400 || answer.status === 401, answer.text);
  assertOAuthError(answer, answer.status, textAt(answer.body, "error"));
});

test("a form without grant_type, client_id, secret, or scope, or with an unknown one, is 400 with an OAuth error", async () => {
  const { client_id, client_secret } = own();
  const grant_type = "client_credentials";
  for (const [fields, error] of [
    [{}, "invalid_request"],
    [{ client_id, client_secret, scope: V2_SCOPE }, "invalid_request"],
    [{ client_secret, grant_type, scope: V2_SCOPE }, "invalid_request"],
    [{ client_id, grant_type, scope: V2_SCOPE }, "invalid_request"],
    [{ client_id, client_secret, grant_type }, "invalid_scope"],
    [{ client_id, client_secret, grant_type, scope: "https://else.example/.default" }, "invalid_scope"],
  ] as const) {
    assertOAuthError(await v2(fields), 400, error);
  }
  assertOAuthError(
    await v1({ client_id, client_secret, grant_type, resource: "https://else.example" }),
    400,
    "invalid_resource",
  );
});

test("a field that is given twice is refused", { skip: onlyHalligan("its choice") }, async () => {
  const body = `${new URLSearchParams(goodV2())}&client_id=${here().target.clientId}`;
  const answer = await post(here().target.tokenUrl, {
    body,
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  assertOAuthError(answer, 400, "invalid_request");
});

test("a tenant that is not there is 400 with an OAuth error", {
  skip: onlyHalligan("its tenant in the token URL"),
}, async () => {
  for (const path of ["oauth2/token", "oauth2/v2.0/token"]) {
    const url = `${here().target.baseUrl}/00000000-0000-0000-0000-000000000000/${path}`;
    assertOAuthError(
      await post(url, { body: new URLSearchParams({ ...goodV1(), scope: V2_SCOPE }) }),
      400,
      "invalid_request",
    );
  }
});

test("a v2 token has the claims that clients and requestor are fed from", async () => {
  const claims = claimsOf(await v2(goodV2()));
  assert.ok(listAt(claims, "roles").includes("Machine.LiveResponse"));
  assert.equal(textAt(claims, "aud").replace(/\/$/, ""), V1_RESOURCE);
  assert.equal(textAt(claims, "azp"), here().target.clientId);
  assert.equal(at(claims, "scp"), undefined);
  assert.ok(textAt(claims, "iss").includes(textAt(claims, "tid")));
  assert.ok(textAt(claims, "iss").endsWith("/v2.0"));
  assert.ok(numberAt(claims, "exp") > numberAt(claims, "nbf"));
  assert.ok(numberAt(claims, "iat") <= numberAt(claims, "exp"));
});

test("a v1 token has the claims that clients and requestor are fed from", async () => {
  const claims = claimsOf(await v1(goodV1()));
  assert.ok(listAt(claims, "roles").includes("Machine.LiveResponse"));
  assert.equal(textAt(claims, "aud").replace(/\/$/, ""), V1_RESOURCE);
  assert.equal(textAt(claims, "appid"), here().target.clientId);
  assert.ok(textAt(claims, "app_displayname"));
  assert.ok(textAt(claims, "iss").endsWith(`/${textAt(claims, "tid")}/`));
});

function claimsOf(answer: Answer): unknown {
  const payload = textAt(answer.body, "access_token").split(".")[1] ?? "";
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  return claims;
}

describe("private_key_jwt", { skip: onlyHalligan("an application of its own with a key") }, () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  let clientId = "";
  before(async () => {
    const body = { name: "signs", roles: ["Machine.Read.All"], keys: [publicKey.export({ format: "jwk" })] };
    const made = await here().api.post("/halligan/v1/applications", body);
    assert.equal(made.status, 201, made.text);
    clientId = textAt(made.body, "clientId");
  });

  const nowS = () => Math.floor(Date.now() / 1_000);
  const assertion = (claims: Readonly<Record<string, unknown>> = {}) =>
    signed(
      privateKey,
      { typ: "JWT" },
      {
        iss: clientId,
        sub: clientId,
        aud: here().target.tokenUrl,
        jti: randomUUID(),
        exp: nowS() + 300,
        ...claims,
      },
    );
  const ask = (client_assertion: string) =>
    v2({
      scope: V2_SCOPE,
      client_id: clientId,
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion,
    });

  test("an assertion signed with the application's key gets a token that the API takes", async () => {
    const answer = await ask(assertion());
    assert.equal(answer.status, 200, answer.text);
    const token = textAt(answer.body, "access_token");
    assert.equal((await here().api.get("/api/machines", { token })).status, 200);
  });

  test("an assertion is good once", async () => {
    const once = assertion();
    assert.equal((await ask(once)).status, 200);
    assertOAuthError(await ask(once), 401, "invalid_client");
  });

  test("an assertion of another key, for another audience, of another client, or expired is 401 invalid_client", async () => {
    const stranger = generateKeyPairSync("ed25519").privateKey;
    for (const bad of [
      signed(
        stranger,
        { typ: "JWT" },
        { iss: clientId, sub: clientId, aud: here().target.tokenUrl, jti: "x", exp: nowS() + 300 },
      ),
      assertion({ aud: "https://login.microsoftonline.com/x/oauth2/token" }),
      assertion({ iss: here().target.clientId }),
      assertion({ exp: nowS() - 600 }),
      assertion({ exp: undefined }),
    ]) {
      assertOAuthError(await ask(bad), 401, "invalid_client");
    }
  });
});
