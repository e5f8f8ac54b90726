import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import * as api from "@halligan/protocol/api";
import { OPERATIONS } from "@halligan/server/src/http/api/routes.ts";

/**
 * What a read endpoint costs: the files in which the names of a real one occur. It is the example
 * of `docs/adding-an-endpoint.md`, which lists them.
 */
const EXAMPLE = "GetMachineActionResults";
const MAX_FILES = 5;

const ROOT = new URL("../../../../", import.meta.url);
/**
 * The endpoint, its client method and its wire test. Programs that call the client are not part of
 * the endpoint.
 */
const FOLDERS = ["packages/protocol", "packages/server", "packages/dev/test/wire"];

const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/**
 * Names that say that a file is about the operation: its own, its path, and the schema of its
 * response.
 */
function namesOf(name: string): RegExp[] {
  const operation = OPERATIONS.find((one) => one.name === name);
  assert.ok(operation);
  const path = operation.path.replace(/:\w+/g, "[^/\\s]+");
  const schemas = Object.values(operation.responses).flatMap(({ content = {} }) =>
    Object.values<{ readonly schema: object }>(content).map(({ schema }) => schema),
  );
  const schemaNames = Object.entries(api).flatMap(([key, value]) =>
    schemas.some((one) => one === value) ? [key] : [],
  );
  assert.ok(schemaNames.length > 0);
  return [...[name, camel(name), ...schemaNames].map((word) => new RegExp(`\\b${word}\\b`)), new RegExp(`${path}\\b`)];
}

async function filesWith(names: readonly RegExp[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    for (const path of await readdir(new URL(`${folder}/`, ROOT), { recursive: true })) {
      const file = `${folder}/${path.replaceAll("\\", "/")}`;
      if (!file.endsWith(".ts") || file.includes("/node_modules/") || file.endsWith("/endpoint-files.test.ts"))
        continue;
      const text = await readFile(new URL(file, ROOT), "utf8");
      if (names.some((name) => name.test(text))) found.push(file);
    }
  }
  return found;
}

test("a read endpoint with a client method and a wire test is in at most five files, which the document lists", async () => {
  const found = await filesWith(namesOf(EXAMPLE));
  assert.ok(found.length <= MAX_FILES, found.join(", "));
  const text = await readFile(new URL("docs/adding-an-endpoint.md", ROOT), "utf8");
  assert.ok(text.includes(`\`${EXAMPLE}\``));
  const listed = [...text.matchAll(/^\d\. `([^`]+)`/gm)].map(([, file]) => file);
  assert.deepEqual(listed.toSorted(), found.toSorted());
});
