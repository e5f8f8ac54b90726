import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { anonymous } from "../../../../src/http/edge/access.ts";
import { noBody } from "../../../../src/http/edge/body/body-kinds.ts";
import { json, page } from "../../../../src/http/edge/declared-responses.ts";
import { created, ok } from "../../../../src/http/edge/http-response.ts";
import { operationsOf } from "../../../../src/http/edge/operation.ts";
import { hasParameters, type PathParameters, pathTemplate } from "../../../../src/http/edge/path-template.ts";
import { PLAIN } from "../fixture.ts";

/** What the compiler refuses. An expected error that does not come fails the type check. */

const operation = operationsOf<null>();
const parameter = { description: "For a test.", schema: Type.String() };
const Named = Type.Object({ name: Type.String() });
const shared = { name: "Typed", method: "GET", access: anonymous, ...PLAIN, body: noBody } as const;

test("the parameters of a path are typed from it, also where they have patterns", () => {
  type Simple = PathParameters<"/a/:id/b/:index(\\d{1,3})/c">;
  const simple: Simple = { id: "x", index: "1" };
  type Odd = PathParameters<"/a/findby(ip=:ip([^,]*),at=:at((?:x|[^,])*))">;
  const odd: Odd = { ip: "x", at: "y" };
  type None = PathParameters<"/a">;
  const none: keyof None extends never ? true : false = true;
  // @ts-expect-error: the path has no such parameter.
  const wrong: Simple = { id: "x", index: "1", part: "2" };
  assert.deepEqual([Object.keys(simple), Object.keys(odd), none], [["id", "index"], ["ip", "at"], true]);
  assert.ok(hasParameters<"/a/:id">({ id: "" }, pathTemplate("/a/:id")));
  assert.ok(!hasParameters<"/a/:id">({}, pathTemplate("/a/:id")));
  assert.ok(wrong);
});

test("a handler returns what its operation declares, and documents each parameter of its path", () => {
  const doc = { ...PLAIN.doc, path: { id: parameter } };
  const responses = { 200: json("A name.", Named) };
  operation({ ...shared, path: "/a/:id", doc, responses, handler: ({ params }) => ok({ name: params.id }) });
  // @ts-expect-error: the name of the response is a text.
  operation({ ...shared, path: "/b/:id", doc, responses, handler: ({ params: _ }) => ok({ name: 1 }) });
  // @ts-expect-error: 201 is not declared.
  operation({ ...shared, path: "/c/:id", doc, responses, handler: ({ params }) => created({ name: params.id }) });
  // @ts-expect-error: the path has no parameter of this name.
  operation({ ...shared, path: "/d/:id", doc, responses, handler: ({ params }) => ok({ name: params.other }) });
  // @ts-expect-error: the parameter of the path is not documented.
  operation({ ...shared, path: "/e/:key", doc, responses, handler: () => ok({ name: "x" }) });
});

test("an item of a page may lack properties, because a caller selects them", () => {
  const List = Type.Object({ value: Type.Array(Named) });
  const responses = { 200: page("Names.", List) };
  operation({ ...shared, path: "/a", responses, handler: () => ok({ value: [{}] }) });
  // @ts-expect-error: a page has a value.
  operation({ ...shared, path: "/b", responses, handler: () => ok({}) });
});
