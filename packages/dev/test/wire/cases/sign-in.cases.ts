import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Answer, fetchLink, post } from "../support/api.ts";
import { assertOAuthError } from "../support/golden.ts";
import { at, listAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * How libraries find the token endpoint by their authority, and how clients show who they are.
 * `docs/contract/auth.md#token-requests`.
 */
const SCOPE = "https://api.securitycenter.microsoft.com/.default";
const GRANT = { grant_type: "client_credentials", scope: SCOPE };

const basic = (clientId: string, clientSecret: string): string =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
const formEncoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
const ask = (
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => post(url, { body: new URLSearchParams(fields), headers });

describe("HTTP Basic client authentication", () => {
  test("both token endpoints take the client id and secret from the Authorization header", async () => {
    const { target } = here();
    const headers = { authorization: basic(target.clientId, target.clientSecret) };
    for (const [url, fields] of [
      [target.tokenUrl, GRANT],
      [target.tokenUrlV1, { grant_type: GRANT.grant_type, resource: "https://api.securitycenter.microsoft.com" }],
    ] as const) {
      const answer = await ask(url, fields, headers);
      assert.equal(answer.status, 200, answer.text);
      const token = textAt(answer.body, "access_token");
      assert.equal((await here().api.get("/api/machines", { token })).status, 200);
    }
  });

  test("user and password are decoded as form fields, and the scheme is found in any letter case", async () => {
    const { target } = here();
    const everyByteEscaped = (text: string) =>
      [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    for (const encode of [formEncoded, everyByteEscaped]) {
      const credentials = basic(encode(target.clientId), encode(target.clientSecret));
      for (const authorization of [credentials, credentials.replace("Basic", "bAsIc")]) {
        const answer = await ask(target.tokenUrl, GRANT, { authorization });
        assert.equal(answer.status, 200, answer.text);
      }
    }
  });

  test("the same client_id in the form is accepted", async () => {
    const { target } = here();
    const headers = { authorization: basic(target.clientId, target.clientSecret) };
    for (const client_id of [target.clientId, target.clientId.toUpperCase()]) {
      const answer = await ask(target.tokenUrl, { ...GRANT, client_id }, headers);
      assert.equal(answer.status, 200, answer.text);
    }
  });

  test("a second proof in the form, or another client_id, is 400 invalid_request", async () => {
    const { target } = here();
    const headers = { authorization: basic(target.clientId, target.clientSecret) };
    for (const second of [
      { client_secret: target.clientSecret },
      { client_assertion: "x", client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" },
      { client_id: "00000000-0000-0000-0000-000000000000" },
    ]) {
      assertOAuthError(await ask(target.tokenUrl, { ...GRANT, ...second }, headers), 400, "invalid_request");
    }
  });

  test("a wrong secret, an unknown client or an unreadable header is 401 with a Basic challenge", async () => {
    const { target } = here();
    for (const authorization of [
      basic(target.clientId, "wrong"),
      basic("00000000-0000-0000-0000-000000000000", target.clientSecret),
      basic(target.clientId, `${target.clientSecret}%`),
      basic(target.clientId, "%ff"),
      basic(target.clientId, ""),
      basic("", target.clientSecret),
      `Basic ${Buffer.from("no colon").toString("base64")}`,
      "Basic ???",
      "Basic",
    ]) {
      const answer = await ask(target.tokenUrl, GRANT, { authorization });
      assertOAuthError(answer, 401, "invalid_client");
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic realm="/, authorization);
    }
  });

  test("a wrong secret in the form is 401 with a challenge as well", async () => {
    const { target } = here();
    const answer = await ask(target.tokenUrl, { ...GRANT, client_id: target.clientId, client_secret: "wrong" });
    assertOAuthError(answer, 401, "invalid_client");
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic realm="/);
  });
});

describe("discovery of the token endpoint", { skip: onlyHalligan("its tenant and host name") }, () => {
  const base = () => here().target.baseUrl;
  const tenant = () => here().world.credentials.tenant;
  const get = (path: string): Promise<Answer> => fetchLink(`${base()}${path}`);

  test("the configuration of each version names its endpoints, its issuer and its keys, with and without a final slash", async () => {
    for (const [path, token, keys, issuer] of [
      ["v2.0/.well-known", "oauth2/v2.0/token", "discovery/v2.0/keys", "v2.0"],
      [".well-known", "oauth2/token", "discovery/keys", ""],
    ] as const) {
      for (const slash of ["", "/"]) {
        const answer = await get(`/${tenant()}/${path}/openid-configuration${slash}`);
        assert.equal(answer.status, 200, answer.text);
        const own = `${base()}/${tenant()}`;
        assert.equal(textAt(answer.body, "token_endpoint"), `${own}/${token}`);
        assert.equal(textAt(answer.body, "authorization_endpoint"), `${own}/${token.replace(/token$/, "authorize")}`);
        assert.equal(textAt(answer.body, "jwks_uri"), `${own}/${keys}`);
        assert.equal(textAt(answer.body, "issuer"), `${own}/${issuer}`);
        assert.deepEqual(listAt(answer.body, "token_endpoint_auth_methods_supported").toSorted(), [
          "client_secret_basic",
          "client_secret_post",
          "private_key_jwt",
        ]);
      }
    }
  });

  test("the issuer of each version is the one in its tokens, and its keys verify them", async () => {
    const { target } = here();
    for (const [url, path] of [
      [target.tokenUrl, "v2.0/.well-known/openid-configuration"],
      [target.tokenUrlV1, ".well-known/openid-configuration"],
    ] as const) {
      const configuration = (await get(`/${tenant()}/${path}`)).body;
      const keys = await fetchLink(textAt(configuration, "jwks_uri"));
      assert.equal(keys.status, 200, keys.text);
      const fields = { ...GRANT, resource: "https://api.securitycenter.microsoft.com" };
      const token = textAt(
        (await ask(url, { ...fields, client_id: target.clientId, client_secret: target.clientSecret })).body,
        "access_token",
      );
      const [header = "", payload = "", signature = ""] = token.split(".");
      const decoded = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
      assert.equal(textAt(decoded(payload), "iss"), textAt(configuration, "issuer"));
      const jwk = listAt(keys.body, "keys").find((one) => at(one, "kid") === textAt(decoded(header), "kid"));
      assert.equal(at(jwk, "use"), "sig");
      assert.equal(at(jwk, "alg"), at(decoded(header), "alg"));
      assert.equal(at(jwk, "d"), undefined, "the private half");
      const { kty, crv, x } = { kty: textAt(jwk, "kty"), crv: textAt(jwk, "crv"), x: textAt(jwk, "x") };
      const key = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
      assert.ok(verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")));
    }
  });

  test("no private member of the token key is in the published keys", async () => {
    const pem = await readFile(join(here().world.dataDir, "keys", "access-token.pem"), "utf8");
    const secret = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64")
      .subarray(-32)
      .toString("base64url");
    for (const path of ["discovery/v2.0/keys", "discovery/keys"]) {
      const answer = await get(`/${tenant()}/${path}`);
      assert.equal(answer.status, 200);
      assert.ok(!answer.text.includes(secret));
    }
  });

  test("instance discovery knows this host by the authorization endpoint, and refuses others as invalid_instance", async () => {
    const path = "/common/discovery/instance?api-version=1.1&authorization_endpoint=";
    for (const [segment, end, document] of [
      [tenant(), "oauth2/v2.0/authorize", "v2.0/.well-known/openid-configuration"],
      ["common", "oauth2/v2.0/authorize", "v2.0/.well-known/openid-configuration"],
      [tenant(), "oauth2/authorize", ".well-known/openid-configuration"],
    ] as const) {
      const answer = await get(`${path}${encodeURIComponent(`${base()}/${segment}/${end}`)}`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(textAt(answer.body, "tenant_discovery_endpoint"), `${base()}/${tenant()}/${document}`);
      assert.equal(textAt(answer.body, "api-version"), "1.1");
      const host = new URL(base()).host;
      assert.deepEqual(listAt(answer.body, "metadata"), [
        { preferred_network: host, preferred_cache: host, aliases: [host] },
      ]);
    }
    for (const other of ["https://login.microsoftonline.com/x/oauth2/authorize", "nonsense", "file:///etc/passwd"]) {
      assertOAuthError(await get(`${path}${encodeURIComponent(other)}`), 400, "invalid_instance");
    }
    assertOAuthError(await get("/common/discovery/instance?api-version=1.1"), 400, "invalid_request");
    assertOAuthError(
      await get(`/common/discovery/instance?api-version=9&authorization_endpoint=${base()}/x/oauth2/authorize`),
      400,
      "invalid_request",
    );
  });

  test("a user's realm is Managed, so that a library goes on to the token endpoint, which names the grant that is not served", async () => {
    const answer = await get("/common/userrealm/a%40b.example?api-version=1.0");
    assert.equal(answer.status, 200, answer.text);
    assert.equal(textAt(answer.body, "ver"), "1.0");
    assert.equal(textAt(answer.body, "account_type"), "Managed");
  });

  test("common, organizations and consumers have a configuration, and their token endpoints name the tenant to use", async () => {
    const { target } = here();
    for (const name of ["common", "organizations", "consumers", "Organizations"]) {
      const configuration = await get(`/${name}/v2.0/.well-known/openid-configuration`);
      assert.equal(configuration.status, 200, configuration.text);
      assert.equal(textAt(configuration.body, "issuer"), `${base()}/{tenantid}/v2.0`);
      const tokenUrl = textAt(configuration.body, "token_endpoint");
      assert.equal(tokenUrl, `${base()}/${name.toLowerCase()}/oauth2/v2.0/token`);
      const answer = await ask(tokenUrl, { ...GRANT, client_id: target.clientId, client_secret: target.clientSecret });
      assertOAuthError(answer, 400, "invalid_request");
      assert.ok(textAt(answer.body, "error_description").includes(tenant()), answer.text);
      assert.match(textAt(answer.body, "error_description"), new RegExp(name, "i"));
    }
  });

  test("a tenant that is not there is refused by its name, and the answer names the one that is", async () => {
    const answer = await get("/contoso.example/v2.0/.well-known/openid-configuration");
    assertOAuthError(answer, 400, "invalid_tenant");
    assert.match(textAt(answer.body, "error_description"), /contoso\.example/);
    assert.ok(textAt(answer.body, "error_description").includes(tenant()));
    assertOAuthError(await get("/contoso.example/discovery/v2.0/keys"), 400, "invalid_tenant");
  });

  test("the host name of the public URL is a name of the tenant: its configuration has the id, its token endpoint works", async () => {
    const { target } = here();
    const name = new URL(base()).hostname;
    const configuration = await get(`/${name}/v2.0/.well-known/openid-configuration`);
    assert.equal(textAt(configuration.body, "issuer"), `${base()}/${tenant()}/v2.0`);
    const client = { client_id: target.clientId, client_secret: target.clientSecret };
    const answer = await ask(`${base()}/${name}/oauth2/v2.0/token`, { ...GRANT, ...client });
    assert.equal(answer.status, 200, answer.text);
  });

  test("v1 takes the scope when there is no resource, as a library sends it that was given the v1 configuration", async () => {
    const { target } = here();
    const client = { client_id: target.clientId, client_secret: target.clientSecret };
    const answer = await ask(target.tokenUrlV1, { ...GRANT, ...client });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(textAt(answer.body, "resource"), "https://api.securitycenter.microsoft.com");
  });
});
