import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, assertSucceeded } from "../support/api.ts";
import { getFile, putFile, runScript, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, keysOf, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";

/**
 * The one form of errors, and contexts of what is none.
 * `docs/contract/clients-in-the-wild.md#errors-and-throttling`, `docs/contract/http-api.md#errors`
 * and `docs/contract/http-api.md#odata-context`.
 */
/** One refusal of each kind that any server gives: name, request, status, code. */
const REFUSALS: readonly (readonly [string, () => Promise<Answer>, number, string])[] = [
  ["no token", () => here().api.get("/api/machines", { token: null }), 401, "Unauthorized"],
  ["a token that is none", () => here().api.get("/api/machines", { token: "garbage" }), 401, "Unauthorized"],
  [
    "another scheme",
    () => here().api.get("/api/machines", { token: null, headers: { authorization: "Basic dTpw" } }),
    401,
    "Unauthorized",
  ],
  ["an unknown machine", () => here().api.get(`/api/machines/${UNKNOWN_MACHINE}`), 404, "ResourceNotFound"],
  ["an unknown action", () => here().api.action(UNKNOWN_ACTION), 404, "ResourceNotFound"],
  ["an unknown library file", () => here().api.send("DELETE", "/api/libraryfiles/none.sh"), 404, "ResourceNotFound"],
  ["a path that is not there", () => here().api.get("/api/no/such/path"), 404, "NotFound"],
  ["a method that is not there", () => here().api.send("PATCH", "/api/machines"), 404, "NotFound"],
  ["a body that is no JSON", () => here().api.send("POST", run(), { body: "{" }), 400, "InvalidRequestBody"],
  ["an empty Commands", () => here().api.post(run(), { Commands: [], Comment: "x" }), 400, "InvalidRequestBody"],
  ["no Comment", () => here().api.post(run(), { Commands: [getFile("/a")] }), 400, "MissingRequiredParameter"],
  ["a query that is none", () => here().api.get("/api/machineactions?$top=-1"), 400, "ODataError"],
];

const run = () => `/api/machines/${here().machineId}/runliveresponse`;

for (const [what, request, status, code] of REFUSALS) {
  test(`${what}: ${status} ${code} with error code, message and target and nothing else`, async () => {
    assertError(await request(), status, code);
  });
}

test("target is another GUID for each request", async () => {
  const targets = new Set<string>();
  for (let i = 0; i < 3; i += 1) targets.add(textAt((await here().api.action(UNKNOWN_ACTION)).body, "error", "target"));
  assert.equal(targets.size, 3);
});

test("a wrong body is refused in the contract's words", async () => {
  const answer = await here().api.post(run(), { Commands: [], Comment: "x" });
  assert.match(textAt(answer.body, "error", "message"), /^Request body is incorrect/);
});

test("an unknown machine is refused in the contract's words", async () => {
  const answer = await here().api.get(`/api/machines/${UNKNOWN_MACHINE}`);
  assert.equal(textAt(answer.body, "error", "message"), `Machine ${UNKNOWN_MACHINE} was not found`);
});

test("no message has the words that one client takes for a reason to repeat, but where repeating helps", async () => {
  for (const [what, request] of REFUSALS) {
    const message = textAt((await request()).body, "error", "message");
    assert.doesNotMatch(message, /too many requests|temporary server error|active live response session/i, what);
  }
});

test("success bodies have no error key, and the contexts of the contract", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("contexts", ":");
  const started = await api.run(machineId, [putFile(name), runScript(name)]);
  const id = textAt(started.body, "id");
  assertSucceeded(await api.waitForEnd(id));
  for (const [answer, fragment] of [
    [started, "MachineActions/$entity"],
    [await api.action(id), "MachineActions/$entity"],
    [await api.get("/api/machineactions"), "MachineActions"],
    [await api.get("/api/machines"), "Machines"],
    [await api.get(`/api/machines/${machineId}`), "Machines/$entity"],
    [await api.get("/api/libraryfiles"), "LibraryFiles"],
    [await api.downloadUrl(id, 1), "Edm.String"],
  ] as const) {
    assert.ok(answer.status < 300, answer.text);
    assert.equal(keysOf(answer.body)[0], "@odata.context");
    assertGolden(at(answer.body, "@odata.context"), context(fragment));
    assert.equal(at(answer.body, "error"), undefined);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/json\b/);
  }
});
