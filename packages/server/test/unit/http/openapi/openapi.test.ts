import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { VERSION } from "@halligan/protocol/version";
import { OPERATIONS } from "../../../../src/http/api/routes.ts";
import { pathTemplate } from "../../../../src/http/edge/path-template.ts";
import { committedDocument } from "../../../../src/http/openapi/committed-document.ts";
import { openApiDocument } from "../../../../src/http/openapi/document.ts";
import { jsonText } from "../../../../src/http/openapi/json.ts";
import { TAGS } from "../../../../src/http/openapi/tags.ts";
import { isObject, listAt, misfit, objectAt, operationsOf, resolve, walk } from "./openapi-reading.ts";

const document = committedDocument(OPERATIONS, VERSION);
const described = operationsOf(document);

test("docs/openapi.json is what the route table and its documentation give", async () => {
  const committed = await readFile(new URL("../../../../../../docs/openapi.json", import.meta.url), "utf8");
  assert.ok(committed === jsonText(document), "it is not: rewrite it with `npm run openapi` and look at what changed");
});

test("the routes' paths become templates, without the patterns of their parameters", () => {
  for (const [route, path, parameters] of [
    ["/api/alerts", "/api/alerts", []],
    ["/a/:id/b", "/a/{id}/b", ["id"]],
    ["/a/:id(\\d{1,9})", "/a/{id}", ["id"]],
    ["/a/Link(index=:index([\\w.+-]*))", "/a/Link(index={index})", ["index"]],
    ["/a/by(ip=:ip([^,]*),at=:at([^,]*))", "/a/by(ip={ip},at={at})", ["ip", "at"]],
    ["/a/:part((?:x|\\))+)/:last", "/a/{part}/{last}", ["part", "last"]],
  ] as const) {
    assert.deepEqual(pathTemplate(route), { path, parameters });
  }
});

test("every operation of the route table is in the document once", () => {
  assert.equal(described.length, OPERATIONS.length);
});

test("an operation documents the parameters of its path and no others", () => {
  for (const { name, path, doc } of OPERATIONS) {
    assert.deepEqual(Object.keys(doc.path ?? {}).toSorted(), pathTemplate(path).parameters.toSorted(), name);
  }
});

test("an operation without an example of its JSON body is named", () => {
  const given = OPERATIONS.find(({ body }) => body.kind === "json");
  assert.ok(given);
  const { bodyExample: _, ...doc } = given.doc;
  assert.throws(
    () => openApiDocument([{ ...given, doc, name: "Unheard" }], { version: "1", server: {}, tokenUrl: "/t" }),
    /Unheard has no example of its body/,
  );
});

test("operation ids are unique and can be names in code", () => {
  const ids = described.map(({ operation }) => String(operation.operationId));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[A-Za-z]\w*$/);
});

test("every reference leads somewhere, and every named schema is used", () => {
  const used = new Set<string>();
  for (const [at, value] of walk(document)) {
    if (!at.endsWith("/$ref") || typeof value !== "string") continue;
    assert.ok(isObject(resolve(document, value)), `${at}: ${value}`);
    used.add(value);
  }
  for (const kind of ["schemas", "responses"]) {
    for (const name of Object.keys(objectAt(document, "components", kind))) {
      assert.match(name, /^[A-Za-z0-9._-]+$/);
      assert.ok(used.has(`#/components/${kind}/${name}`), `${name} is not used`);
    }
  }
});

test("the parameters of a path are those that its operations declare, each once", () => {
  for (const { path, operation } of described) {
    const parameters = listAt(operation, "parameters").map((one) => objectAt(one));
    const inPath = parameters.filter((one) => one.in === "path");
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(inPath.map(({ name }) => name).sort(), names.sort(), path);
    for (const { required, example, schema } of inPath) {
      assert.ok(required === true && example !== undefined && isObject(schema), path);
    }
    const keys = parameters.map(({ in: place, name }) => `${place} ${name}`);
    assert.equal(new Set(keys).size, keys.length, path);
  }
});

test("every operation has a known tag, a summary, known security and answers that are described", () => {
  const schemes = Object.keys(objectAt(document, "components", "securitySchemes"));
  for (const { path, method, operation } of described) {
    const where = `${method} ${path}`;
    assert.ok(
      listAt(operation, "tags").every((tag) => Object.keys(TAGS).includes(String(tag))),
      where,
    );
    assert.match(String(operation.summary), /^[A-Z].*[^.]$/, where);
    const security = listAt(operation, "security").flatMap((one) => Object.keys(objectAt(one)));
    assert.ok(
      security.every((name) => schemes.includes(name)),
      where,
    );
    const responses = Object.entries(objectAt(operation.responses));
    assert.ok(responses.length > 0, where);
    for (const [status, response] of responses) {
      assert.match(status, /^[2-5]\d\d$/, where);
      const { $ref } = objectAt(response);
      const meant = typeof $ref === "string" ? resolve(document, $ref) : response;
      assert.match(String(objectAt(meant).description), /\w/, `${where} ${status}`);
    }
    assert.ok(!["get", "delete"].includes(method) || operation.requestBody === undefined, `${where} takes no body`);
  }
});

test("an operation that asks for a token says which permissions it needs and how it refuses", () => {
  for (const { name, access, path } of OPERATIONS) {
    const found = described.find(({ path: other, operation }) => {
      const id = String(operation.operationId);
      return other === pathTemplate(path).path && (id === name || id.startsWith(`${name}_`));
    });
    assert.ok(found, name);
    const { operation } = found;
    const statuses = Object.keys(objectAt(operation.responses));
    if (access.kind !== "anonymous") assert.ok(statuses.includes("401"), name);
    if (access.kind !== "permissions") continue;
    assert.deepEqual(objectAt(operation, "x-permissions").application, access.application, name);
    assert.ok(statuses.includes("403"), name);
    for (const permission of access.application) assert.ok(String(operation.description).includes(permission), name);
  }
});

test("every example fits its schema", () => {
  let examples = 0;
  for (const [at, value] of walk(document)) {
    if (!isObject(value) || value.example === undefined || value.schema === undefined) continue;
    examples += 1;
    assert.equal(misfit(document, value.schema, value.example), null, at);
  }
  assert.ok(examples > 100, `only ${examples} examples were found`);
});
