import assert from "node:assert/strict";
import { test } from "node:test";
import { assertError } from "../support/golden.ts";
import { at, listAt, textAt } from "../support/json.ts";
import { ROUTES, samplePath } from "../support/route-table.ts";
import { here } from "../support/shared.ts";
import { OUTSIDE, onlyHalligan } from "../support/target.ts";

/**
 * One rule for the query options of every list. `docs/contract/http-api.md#list-machine-actions`,
 * `docs/contract/http-api.md#machines` and `docs/contract/http-api.md#library-files`,
 * `docs/contract/clients-in-the-wild.md#paths`,
 * `docs/contract/clients-in-the-wild.md#listing-actions` and
 * `docs/contract/clients-in-the-wild.md#library`.
 */
const CODES = ["ODataError", "InvalidInput"];

async function refused(path: string, what: string): Promise<void> {
  const answer = await here().api.get(path);
  assert.equal(answer.status, 400, `${what}: ${answer.text.slice(0, 200)}`);
  const code = textAt(answer.body, "error", "code");
  assertError(answer, 400, code);
  assert.equal(code, path.startsWith("/api/") ? CODES[0] : CODES[1], what);
}

const routes = ROUTES.filter(({ method, isContract }) => method === "GET" && (OUTSIDE === null || isContract));

for (const route of routes.filter(({ access }) => access === "permissions")) {
  test(`if ${route.title} answers a list, it refuses options that it does not know, doubled or empty ones`, async () => {
    const { api, library } = here();
    const name = await library.add("options.txt", "x");
    const path = samplePath(route, "").replace("wire-none.txt", name);
    const plain = await api.get(path);
    if (plain.status !== 200 || !Array.isArray(at(plain.body, "value"))) return;
    const and = path.includes("?") ? "&" : "?";
    for (const option of [
      "$foo=1",
      "foo=1",
      "foo",
      "foo=",
      "$filter=",
      "=x",
      "$$top=1",
      "tOp=1&ToP=1",
      "%24Top=1&$tOP=1",
    ]) {
      await refused(`${path}${and}${option}`, option);
    }
    const empty = await api.get(`${path}${and}&&`);
    assert.equal(empty.status, 200, "a query without options");
  });
}

test("options of libraryfiles are those of the other lists, and the whole list stands on one page", async () => {
  const { api, library } = here();
  const names = [await library.add("odata-b.txt", "b"), await library.add("odata-A.txt", "a")];
  const prefix = (names[0] ?? "").replace(/odata-b.txt$/, "ODATA-");
  const found = async (options: string) => {
    const answer = await api.get(`/api/libraryfiles?${options}`);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(at(answer.body, "@odata.nextLink"), undefined);
    return { answer, files: listAt(answer.body, "value") };
  };
  const filter = `$filter=startswith(fileName,'${prefix}')`;
  const ordered = await found(`${filter}&$orderby=fileName desc&$count=true&$top=1&$select=fileName`);
  assert.deepEqual(ordered.files, [{ fileName: names[0] }]);
  assert.equal(at(ordered.answer.body, "@odata.count"), 2);
  const second = await found(`${filter}&%24OrderBy=FILENAME%20DESC&$skip=1`);
  assert.deepEqual(
    second.files.map((file) => at(file, "fileName")),
    [names[1]],
  );
  assert.ok((await found("$top=10000")).files.length >= 2);
  for (const options of ["$skiptoken=e30", "$filter=sizeBytes eq 1", "$orderby=x", "$select=x", "$top=-1"]) {
    assertError(await api.get(`/api/libraryfiles?${options}`), 400, "ODataError");
  }
});

test("GET /api/alerts takes the options that clients send to it, and is empty", async () => {
  for (const options of [
    "$top=1",
    "$TOP=1&$expand=evidence",
    "$filter=severity eq 'High'&$orderby=alertCreationTime desc",
  ]) {
    const answer = await here().api.get(`/api/alerts?${options}`);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(listAt(answer.body, "value"), []);
  }
  const counted = await here().api.get("/api/alerts?$count=true");
  assert.equal(at(counted.body, "@odata.count"), 0);
});

test("what answers one thing passes over options", async () => {
  const { api, machineId } = here();
  for (const path of [`/api/machines/${machineId}?api-version=1.0`, `/api/machines/${machineId}?$select=id`]) {
    assert.equal((await api.get(path)).status, 200, path);
  }
});

test("an upload and a download of Halligan's own refuse options that are misspelt", {
  skip: onlyHalligan("its own interface for the library"),
}, async () => {
  const { api, library } = here();
  const name = await library.add("own.txt", "x");
  for (const option of ["overide=true", "override=true&Override=true", "override=", "override=1"]) {
    assertError(await api.send("PUT", `/halligan/v1/library/${name}?${option}`, { body: "y" }), 400, "InvalidInput");
  }
  assert.equal((await api.send("PUT", `/halligan/v1/library/${name}?OVERRIDE=true`, { body: "y" })).status, 200);
  assertError(await api.get(`/halligan/v1/library/${name}/content?sha=x`), 400, "InvalidInput");
});
