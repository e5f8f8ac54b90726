import { PERMISSION_TABLE, type PermissionRule } from "../../auth/permissions-table.ts";
import type { Operation } from "../edge/operation.ts";
import { contentJson, schemaJson } from "./components.ts";
import { AUDIENCE } from "./docs/tokens.ts";
import type { Json, JsonObject } from "./json.ts";
import type { OperationDoc, ParameterDoc } from "./operation-doc.ts";
import { responsesOf } from "./responses.ts";

export type OperationRow = Pick<Operation<never>, "name" | "method" | "path" | "access" | "body" | "errors">;

/** One operation of the document: the row of the route table, and what is said of it. */
export function operationObject(
  row: OperationRow,
  doc: OperationDoc,
  id: string,
  pathNames: readonly string[],
): JsonObject {
  const rule = ruleOf(row);
  const body = requestBody(row, doc);
  const parameters = [
    ...pathNames.map((name) => parameter(name, "path", documented(row, doc, name))),
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
    responses: responsesOf(row, doc),
  };
}

const TABLE: ReadonlyMap<string, PermissionRule> = new Map(Object.entries(PERMISSION_TABLE));

function ruleOf({ name, access }: OperationRow): PermissionRule | undefined {
  return access.kind === "permissions" ? TABLE.get(name) : undefined;
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

function documented({ name }: OperationRow, doc: OperationDoc, parameterName: string): ParameterDoc {
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

function requestBody({ name, body }: OperationRow, doc: OperationDoc): JsonObject | undefined {
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
