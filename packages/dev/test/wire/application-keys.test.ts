import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { type Answer, post } from "./support/api.ts";
import { UNKNOWN_ACTION } from "./support/commands.ts";
import { assertError, assertOAuthError } from "./support/golden.ts";
import { at, listAt, textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

/** Applications with keys have no secret. docs/identity.md. */
describe("applications and their keys", { skip: onlyHalligan("applications of its own") }, () => {
  const here = setUp({ agents: 0 });
  const PATH = "/halligan/v1/applications";
  const jwk = () => generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const create = async (fields: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const made = await here().api.post(PATH, { name: "app", roles: ["Machine.Read.All"], ...fields });
    assert.equal(made.status, 201, made.text);
    return made.body;
  };
  const listed = async (clientId: string): Promise<unknown> =>
    listAt((await here().api.get(PATH)).body, "value").find((one) => at(one, "clientId") === clientId);
  const removeSecret = (clientId: string): Promise<Answer> => here().api.send("DELETE", `${PATH}/${clientId}/secret`);
  const tokenFor = (client_id: string, client_secret: string): Promise<Answer> => {
    const scope = "https://api.securitycenter.microsoft.com/.default";
    const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret, scope });
    return post(here().target.tokenUrl, { body });
  };

  test("an application that is created with keys gets no secret, and no text in its place", async () => {
    const made = await create({ keys: [jwk(), jwk()] });
    assert.equal(at(made, "clientSecret"), null);
    assert.equal(at(made, "hasSecret"), false);
    assert.equal(listAt(made, "keyIds").length, 2);
    const clientId = textAt(made, "clientId");
    const { clientSecret: _none, ...application } = Object(made);
    assert.deepEqual(await listed(clientId), application);
    for (const secret of ["null", "undefined", " ", clientId]) {
      assertOAuthError(await tokenFor(clientId, secret), 401, "invalid_client");
    }
    const basic = `Basic ${Buffer.from(`${clientId}:`).toString("base64")}`;
    const answer = await post(here().target.tokenUrl, {
      body: new URLSearchParams({
        grant_type: "client_credentials",
        scope: "https://api.securitycenter.microsoft.com/.default",
      }),
      headers: { authorization: basic },
    });
    assertOAuthError(answer, 401, "invalid_client");
  });

  test("an application that is created without keys, or with an empty list of them, gets a secret", async () => {
    for (const fields of [{}, { keys: [] }]) {
      const made = await create(fields);
      assert.equal(at(made, "hasSecret"), true);
      assert.deepEqual(at(made, "keyIds"), []);
      const token = await tokenFor(textAt(made, "clientId"), textAt(made, "clientSecret"));
      assert.equal(token.status, 200, token.text);
    }
  });

  test("the secret of an application without a key is not removed: it could never sign in again", async () => {
    const made = await create({});
    const clientId = textAt(made, "clientId");
    assertError(await removeSecret(clientId), 400, "BadRequest", /has no key/);
    assert.equal((await tokenFor(clientId, textAt(made, "clientSecret"))).status, 200);
  });

  test("removing the secret of an application that has none is 204, of one that is not there 404", async () => {
    assert.equal((await removeSecret(textAt(await create({ keys: [jwk()] }), "clientId"))).status, 204);
    assertError(await removeSecret(UNKNOWN_ACTION), 404, "ResourceNotFound");
  });
});
