import type { PermissionRule } from "../edge/access.ts";
import type { Operation } from "../edge/operation.ts";
import type { ParameterDoc } from "../edge/operation-doc.ts";
import { contentJson, schemaJson } from "./components.ts";
import type { Json, JsonObject } from "./json.ts";
import { responsesOf } from "./responses.ts";
import { AUDIENCE } from "./samples/values.ts";

export type OperationRow = Omit<Operation<never>, "run">;

/** One operation of the document. */
export function operationObject(row: OperationRow, id: string, pathNames: readonly string[]): JsonObject {
  const { access, doc } = row;
  const rule = access.kind === "permissions" ? access : undefined;
  const body = requestBody(row);
  const parameters = [
    ...pathNames.map((name) => parameter(name, "path", documented(row, name))),
    ...Object.entries(doc.query ?? {}).map(([name, one]) => parameter(name, "query", one)),
    ...Object.entries(doc.headers ?? {}).map(([name, one]) => parameter(name, "header", one)),
  ];
  return {
    tags: [doc.tag],
    summary: doc.summary,
    description: [doc.description, rule && permissionText(rule)].filter((part) => part !== undefined).join("\n\n"),
    operationId: id,
    ...(rule && { "x-permissions": { application: rule.application, delegated: rule.delegated } }),
    security: securityOf(row),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    responses: responsesOf(row),
  };
}

function permissionText({ application, delegated, needsUserRight }: PermissionRule): string {
  const anyOf = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(" or ");
  const right = needsUserRight === undefined ? "" : `, and the ${needsUserRight}`;
  return `Applications need ${anyOf(application)}; users ${anyOf(delegated)}${right}.`;
}

function securityOf({ access }: OperationRow): Json {
  if (access.kind === "anonymous") return [];
  return [access.kind === "ticket" ? { ticket: [] } : { bearer: [`${AUDIENCE}/.default`] }];
}

function documented({ name, doc }: OperationRow, parameterName: string): ParameterDoc {
  const found = doc.path?.[parameterName];
  if (found === undefined) throw new Error(`${name} has no documentation of its path parameter ${parameterName}`);
  return found;
}

function parameter(name: string, place: "path" | "query" | "header", doc: ParameterDoc): JsonObject {
  const { description, schema, example, required = false } = doc;
  return {
    name,
    in: place,
    description,
    required: required || place === "path",
    schema: schemaJson(schema),
    ...(example !== undefined && { example }),
  };
}

function requestBody({ name, body, doc }: OperationRow): JsonObject | undefined {
  if (body.kind === "none") return undefined;
  if (body.kind !== "json") {
    if (doc.body === undefined) throw new Error(`${name} has no documentation of its ${body.kind} body`);
    return { required: true, content: contentJson(doc.body) };
  }
  if (body.schema === undefined || doc.bodyExample === undefined) throw new Error(`${name} has no example of its body`);
  return {
    required: true,
    content: { "application/json": { schema: schemaJson(body.schema), example: doc.bodyExample } },
  };
}
