import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { OPERATIONS } from "../../../../src/http/api/routes.ts";
import { permissionsDocument } from "../../../../src/http/openapi/permissions-document.ts";

test("docs/permissions.md is what the operations of the route table say", async () => {
  const committed = await readFile(new URL("../../../../../../docs/permissions.md", import.meta.url), "utf8");
  assert.ok(committed === permissionsDocument(OPERATIONS), "it is not: rewrite it with `npm run openapi`");
});

test("docs/permissions.md has one row for each operation", () => {
  const rows = permissionsDocument(OPERATIONS)
    .split("\n")
    .filter((line) => /^\| [A-Z]\w+ \| `/.test(line));
  assert.equal(rows.length, OPERATIONS.length);
});
