import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { absentMachine } from "../support/absent-machines.ts";
import type { Answer } from "../support/api.ts";
import { getFile, runScript, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/** Starts with `Idempotency-Key`. `docs/decisions/0044-idempotent-starts.md`. */

const skip = onlyHalligan("Idempotency-Key");
const BODY = { Commands: [getFile("/etc/hostname")], Comment: "idempotency" };

type Route = "contract" | "own";
function start(route: Route, machineId: string, key: string, body: unknown = BODY, query = ""): Promise<Answer> {
  const path =
    route === "contract"
      ? `/api/machines/${machineId}/runliveresponse`
      : `/halligan/v1/machines/${machineId}/actions${query}`;
  return here().api.post(path, body, { headers: { "idempotency-key": key } });
}

for (const route of ["contract", "own"] as const) {
  test(`a start that is repeated with its Idempotency-Key returns the first response: ${route} route`, {
    skip,
  }, async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const key = randomUUID();
    const first = await start(route, machineId, key);
    assert.equal(first.status, 201, first.text);
    const second = await start(route, machineId.toUpperCase(), key);
    assert.deepEqual([second.status, second.text], [201, first.text]);
    assert.equal(second.headers.get("location"), first.headers.get("location"));
    const id = textAt(first.body, "id");
    assert.equal((await api.cancel(id)).status, 200);
    const third = await start(route, machineId, key, { Comment: BODY.Comment, Commands: BODY.Commands });
    assert.deepEqual([third.status, third.text], [201, first.text], "also after the end of the action");
    const other = await start(route, machineId, randomUUID());
    assert.equal(other.status, 201, other.text);
    assert.notEqual(textAt(other.body, "id"), id);
    await api.cancel(textAt(other.body, "id"));
  });
}

test("an Idempotency-Key of another body, machine or operation is 422 IdempotencyKeyReused", { skip }, async () => {
  const { api } = here();
  const machineId = await absentMachine(here());
  const key = randomUUID();
  const first = await start("contract", machineId, key);
  assert.equal(first.status, 201, first.text);
  const code = "IdempotencyKeyReused";
  assertError(await start("contract", machineId, key, { ...BODY, Comment: "other" }), 422, code);
  assertError(await start("contract", await absentMachine(here()), key), 422, code);
  assertError(await start("own", machineId, key), 422, code);
  assert.equal((await api.cancel(textAt(first.body, "id"))).status, 200);
});

test("a refused start does not use its Idempotency-Key up", { skip }, async () => {
  const { api } = here();
  const machineId = await absentMachine(here());
  const blockingId = await api.start(machineId, [getFile("/etc/hostname")]);
  const key = randomUUID();
  assertError(await start("contract", machineId, key), 400, "ActiveRequestAlreadyExists");
  assert.equal((await api.cancel(blockingId)).status, 200);
  const accepted = await start("contract", machineId, key);
  assert.equal(accepted.status, 201, accepted.text);
  assert.equal((await api.cancel(textAt(accepted.body, "id"))).status, 200);
  assertError(await start("contract", UNKNOWN_MACHINE, key), 404, "ResourceNotFound");
});

test("a repeated start that waits returns the end of the first one's action", { skip }, async () => {
  const { library, machineId } = here();
  const body = { Commands: [runScript(await library.script("idempotent", "echo once"))], Comment: "c" };
  const key = randomUUID();
  const first = await start("own", machineId, key, body);
  assert.equal(first.status, 201, first.text);
  for (const _ of [1, 2]) {
    const repeated = await start("own", machineId, key, body, "?wait=60s");
    assert.equal(repeated.status, 201, repeated.text);
    assert.equal(textAt(repeated.body, "id"), textAt(first.body, "id"));
    assert.equal(textAt(repeated.body, "status"), "Succeeded");
    assert.equal(textAt(repeated.body, "results", 0, "transcript", "script_output"), "once\n");
  }
});

test("an Idempotency-Key that is empty, too long or not visible ASCII is 400 InvalidInput", { skip }, async () => {
  const machineId = await absentMachine(here());
  for (const key of ["", "a b", "ä", "k".repeat(256)]) {
    assertError(await start("contract", machineId, key), 400, "InvalidInput", /"Idempotency-Key must be one value of/);
    assertError(await start("own", machineId, key), 400, "InvalidInput", /"Idempotency-Key must be one value of/);
  }
  const longest = await start("contract", machineId, "~".repeat(255));
  assert.equal(longest.status, 201, longest.text);
  assert.equal((await here().api.cancel(textAt(longest.body, "id"))).status, 200);
});

test("a repeated start with content of its own returns the first response", { skip }, async () => {
  const { api } = here();
  const machineId = await absentMachine(here());
  const body = { Commands: [{ ...runScript("own.sh"), content: `echo ${randomUUID()}` }], Comment: "c" };
  const key = randomUUID();
  const first = await start("own", machineId, key, body);
  assert.equal(first.status, 201, first.text);
  const repeated = await start("own", machineId, key, body);
  assert.deepEqual([repeated.status, repeated.text], [201, first.text]);
  const other = { ...body, Commands: [{ ...runScript("own.sh"), content: "echo other" }] };
  assertError(await start("own", machineId, key, other), 422, "IdempotencyKeyReused");
  assert.equal((await api.cancel(textAt(first.body, "id"))).status, 200);
});
