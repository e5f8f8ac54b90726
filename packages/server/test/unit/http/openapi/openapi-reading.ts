import { Compile } from "typebox/schema";
import type { Json, JsonObject } from "../../../../src/http/openapi/json.ts";

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const objectAt = (value: Json | undefined, ...path: readonly string[]): JsonObject => {
  let found = value;
  for (const name of path) found = isObject(found) ? found[name] : undefined;
  return isObject(found) ? found : {};
};

export const listAt = (value: JsonObject, name: string): readonly Json[] => {
  const found = value[name];
  return Array.isArray(found) ? found : [];
};

export interface Described {
  readonly path: string;
  readonly method: string;
  readonly operation: JsonObject;
}

/** Every operation of a document. */
export const operationsOf = (document: JsonObject): readonly Described[] =>
  Object.entries(objectAt(document, "paths")).flatMap(([path, item]) =>
    Object.entries(objectAt(item)).map(([method, operation]) => ({ path, method, operation: objectAt(operation) })),
  );

/** Every value of a document with where it stands, depth first. */
export function* walk(value: Json, at = "#"): Generator<readonly [at: string, value: Json]> {
  yield [at, value];
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) yield* walk(part, `${at}/${name}`);
}

/** What a local reference means; undefined when it leads nowhere. */
export function resolve(document: JsonObject, reference: string): Json | undefined {
  let found: Json | undefined = document;
  for (const name of reference.split("/").slice(1)) found = isObject(found) ? found[name] : undefined;
  return found;
}

/** What is wrong with a value that is to fit a schema of the document; null when it fits. */
export function misfit(document: JsonObject, schema: Json | undefined, value: Json): string | null {
  const validator = Compile({ ...objectAt(schema), components: objectAt(document, "components") });
  return validator.Check(value) ? null : JSON.stringify(validator.Errors(value)[1].slice(0, 3));
}
