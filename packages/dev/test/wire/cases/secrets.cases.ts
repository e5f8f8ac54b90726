import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import type { SecretEnv } from "@halligan/protocol/link";
import { type GivenSecretKey, sealSecrets } from "@halligan/protocol/link-crypto";
import { absentMachine } from "../support/absent-machines.ts";
import { type Answer, assertSucceeded, type Command, type Sending } from "../support/api.ts";
import { getFile, runScript, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/** `secretEnv` of a start. `docs/decisions/0053-secrets.md`. */

const skip = onlyHalligan("secrets of an action");

const keyPath = (machineId: string) => `/halligan/v1/machines/${machineId}/secret-key`;

const start = (machineId: string, commands: readonly Command[], secretEnv: unknown, more: Sending = {}) =>
  here().api.post(
    `/halligan/v1/machines/${machineId}/actions`,
    { Commands: commands, Comment: "wire test", secretEnv },
    more,
  );

async function keyOf(machineId: string): Promise<GivenSecretKey> {
  const { status, text, body } = await here().api.get(keyPath(machineId));
  assert.equal(status, 200, text);
  return { publicKey: textAt(body, "publicKey"), key: textAt(body, "key"), signature: textAt(body, "signature") };
}

async function seal(machineId: string, values: Record<string, string>): Promise<SecretEnv> {
  const secrets = Object.entries(values).map(([name, value]) => ({ name, value: Buffer.from(value) }));
  const sealed = sealSecrets(machineId, await keyOf(machineId), secrets);
  assert.ok(sealed.ok, sealed.ok ? "" : sealed.error);
  return sealed.value;
}

const idOf = (answer: Answer): string => {
  assert.equal(answer.status, 201, answer.text);
  return textAt(answer.body, "id");
};

test("a script reads its secrets, and its transcript has their names in place of the values", { skip }, async () => {
  const { api, library, machineId } = here();
  const script = await library.script("secrets", 'printf %s "$API_TOKEN" | sha256sum; echo "<$API_TOKEN>"');
  const value = `value ${randomUUID()}`;
  const id = idOf(await start(machineId, [runScript(script)], await seal(machineId, { API_TOKEN: value })));
  assertSucceeded(await api.waitForEnd(id));
  const sha256 = createHash("sha256").update(value).digest("hex");
  assert.equal(textAt(await api.transcript(id), "script_output"), `${sha256}  -\n<[secret API_TOKEN]>\n`);
});

test("the names of secrets are shown and audited, and their ciphertext is not", { skip }, async () => {
  const { api, library, machineId } = here();
  const script = await library.script("secret-names", "true");
  const secretEnv = await seal(machineId, { API_TOKEN: "some value", PGPASSWORD: "another one" });
  const id = idOf(await start(machineId, [runScript(script)], secretEnv));
  const names = ["API_TOKEN", "PGPASSWORD"];
  for (let isEnded = false; ; isEnded = true) {
    const shown = await api.get(`/halligan/v1/actions/${id}`);
    assert.deepEqual(at(shown.body, "secretNames"), names);
    const timing = await api.get(`/halligan/v1/actions/${id}/timing`);
    assert.deepEqual(at(timing.body, "secretNames"), names);
    const audit = await api.get(`/halligan/v1/audit?actionId=${id}`);
    const starts = await api.get(`/halligan/v1/audit?actionId=${id}&operation=RunLiveResponse`);
    assert.deepEqual(at(starts.body, "value", 0, "detail", "secretNames"), names);
    const list = await api.get("/halligan/v1/actions");
    const contract = await api.get(`/api/machineactions/${id}`);
    for (const { text } of [shown, audit, list, contract]) {
      for (const { sealed } of secretEnv.values) assert.ok(!text.includes(sealed));
      assert.ok(!text.includes(secretEnv.key));
    }
    if (isEnded) break;
    await api.waitForEnd(id);
  }
  const plain = idOf(await start(machineId, [runScript(script)], undefined));
  assert.equal(at((await api.get(`/halligan/v1/actions/${plain}`)).body, "secretNames"), undefined);
  await api.waitForEnd(plain);
});

test("the key of a machine is signed by its device, by id and by name", { skip }, async () => {
  const { api, machineId } = here();
  const byId = await api.get(keyPath(machineId));
  assert.equal(textAt(byId.body, "machineId"), machineId);
  const publicKey = Buffer.from(textAt(byId.body, "publicKey"), "base64url");
  assert.equal(createHash("sha256").update(publicKey).digest("hex").slice(0, 40), machineId);
  const { body } = await api.get(`/api/machines/${machineId}`);
  assert.deepEqual((await api.get(keyPath(textAt(body, "computerDnsName")))).body, byId.body);
  assertError(await api.get(keyPath(UNKNOWN_MACHINE)), 404, "ResourceNotFound");
});

test("secrets that do not belong to the machine, or to an action with a script, are refused", { skip }, async () => {
  const { api, library, machineId } = here();
  const script = runScript(await library.script("refused-secrets", "true"));
  const good = await seal(machineId, { TOKEN: "some value" });
  const [value] = good.values;
  assert.ok(value);
  const named = (name: string) => ({ ...good, values: [{ ...value, name }] });
  for (const [commands, secretEnv, message] of [
    [[getFile("/x")], good, /no RunScript/],
    [[script], named("LD_PRELOAD"), /LD_PRELOAD cannot be a secret/],
    [[script], named("Path"), /Path cannot be a secret/],
    [[script], named("a-b"), /secretEnv/],
    [[script], { ...good, values: [value, { ...value, name: "token" }] }, /token is given twice/],
    [[script], { ...good, values: [] }, /secretEnv/],
    [[script], { ...good, values: Array.from({ length: 33 }, (_, at) => ({ ...value, name: `A${at}` })) }, /secretEnv/],
    [[script], { ...good, values: [{ name: "TOKEN", sealed: "AAAA" }] }, /secretEnv/],
    [[script], { ...good, values: [{ name: "TOKEN", sealed: "A".repeat(30_000) }] }, /secretEnv/],
  ] as const) {
    assertError(await start(machineId, commands, secretEnv), 400, "InvalidRequestBody", message);
  }
  const plain = { ...good, values: [{ name: "TOKEN", value: "some value" }] };
  assertError(await start(machineId, [script], plain), 400, "MissingRequiredParameter", /sealed/);
  const big = { name: "A", sealed: "A".repeat(15_000) };
  const many = { ...good, values: ["A", "B", "C"].map((name) => ({ ...big, name })) };
  assertError(await start(machineId, [script], many), 400, "InvalidRequestBody", /the maximum is 32768/);
  assertError(await start(machineId, [script], { ...good, key: "A".repeat(43) }), 409, "SecretKeyChanged");
  const absent = await absentMachine(here());
  assertError(await start(absent, [script], good), 409, "SecretsNotSupported", /takes no secrets/);
  assertError(await api.get(keyPath(absent)), 409, "SecretsNotSupported", /takes no secrets/);
  const contract = await api.post(`/api/machines/${machineId}/runliveresponse`, {
    Commands: [script],
    Comment: "wire test",
    secretEnv: good,
  });
  assertError(contract, 400, "InvalidRequestBody");
});

test("a value that was changed on its way fails the action, and nothing of it runs", { skip }, async () => {
  const { api, library, machineId } = here();
  const script = runScript(await library.script("changed-secret", "echo it ran"));
  const good = await seal(machineId, { TOKEN: "some value" });
  const values = good.values.map(({ name, sealed }) => ({
    name,
    sealed: sealed.replace(/.$/, (last) => (last === "A" ? "Q" : "A")),
  }));
  const id = idOf(await start(machineId, [script], { ...good, values }));
  const action = await api.waitForEnd(id);
  assert.equal(textAt(action, "status"), "Failed");
  assert.match(JSON.stringify(action), /secretUnreadable.*TOKEN was changed/);
  assert.equal(at(action, "commands", 0, "startTime"), null);
});

test("a repeated start returns the first response only with the same ciphertext", { skip }, async () => {
  const { library, machineId } = here();
  const script = runScript(await library.script("repeated-secret", "true"));
  const sending = { headers: { "idempotency-key": randomUUID() } };
  const secretEnv = await seal(machineId, { TOKEN: "some value" });
  const id = idOf(await start(machineId, [script], secretEnv, sending));
  assert.equal(idOf(await start(machineId, [script], secretEnv, sending)), id);
  const again = await start(machineId, [script], await seal(machineId, { TOKEN: "some value" }), sending);
  assertError(again, 422, "IdempotencyKeyReused");
  await here().api.waitForEnd(id);
});
