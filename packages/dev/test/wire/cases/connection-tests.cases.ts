import assert from "node:assert/strict";
import { test } from "node:test";
import { runScript, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, listAt } from "../support/json.ts";
import { rawSend } from "../support/raw-http.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/** What products send before they agree to start. `docs/contract/clients-in-the-wild.md#paths`. */
/** A machine id need not look like one: the product makes it up. */
const MADE_UP = [UNKNOWN_MACHINE, "connection-test", "00000000-0000-0000-0000-000000000000"];

test("GET /api/alerts?$top=1 answers 200 with a value array", async () => {
  const { target, api } = here();
  for (const path of ["/api/alerts?$top=1", "/api/alerts?%24top=1", "/API/Alerts?$top=1"]) {
    const answer = await rawSend(target.baseUrl, { target: path, headers: [`Authorization: Bearer ${api.token}`] });
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    assert.ok(Array.isArray(at(answer.body, "value")), answer.text);
    assert.ok(listAt(answer.body, "value").length <= 1);
  }
});

test("an unknown machine is ResourceNotFound for GET, isolate, unisolate and runliveresponse, whatever its id looks like", async () => {
  const { api } = here();
  for (const id of MADE_UP) {
    assertError(await api.get(`/api/machines/${id}`), 404, "ResourceNotFound", /was not found/);
    const isolate = await api.post(`/api/machines/${id}/isolate`, { Comment: "test", IsolationType: "Selective" });
    assertError(isolate, 404, "ResourceNotFound");
    const unisolate = await api.post(`/api/machines/${id}/unisolate`, { Comment: "test" });
    assertError(unisolate, 404, "ResourceNotFound");
    const run = await api.run(id, [runScript("no-such-script.ps1", "--noargs")]);
    assertError(run, 404, "ResourceNotFound", /was not found/);
  }
});

test("isolation of a machine that is there is either done or refused with the contract's error", async () => {
  const { api, machineId } = here();
  for (const [verb, body] of [
    ["isolate", { Comment: "test", IsolationType: "Full" }],
    ["unisolate", { Comment: "test" }],
  ] as const) {
    const answer = await api.post(`/api/machines/${machineId}/${verb}`, body);
    if (answer.status === 201) continue;
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    assertError(answer, answer.status, String(at(answer.body, "error", "code")));
  }
});

test("what is not live response is refused with the contract's error, and an unknown machine is still ResourceNotFound", {
  skip: onlyHalligan("that it does live response alone"),
}, async () => {
  const { api, machineId } = here();
  for (const verb of [
    "collectInvestigationPackage",
    "runAntiVirusScan",
    "restrictCodeExecution",
    "unrestrictCodeExecution",
    "offboard",
    "StopAndQuarantineFile",
  ]) {
    const answer = await api.post(`/api/machines/${machineId}/${verb}`, { Comment: "test" });
    assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    assertError(answer, answer.status, String(at(answer.body, "error", "code")));
    assertError(
      await api.post(`/api/machines/${UNKNOWN_MACHINE}/${verb}`, { Comment: "test" }),
      404,
      "ResourceNotFound",
    );
  }
  assertError(await api.get(`/api/machineactions/${UNKNOWN_ACTION}/getPackageUri`), 404, "NotFound");
});
