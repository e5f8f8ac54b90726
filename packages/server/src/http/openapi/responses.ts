import { ErrorWire, TokenErrorWire } from "@halligan/protocol/api";
import type { Operation } from "../edge/operation.ts";
import { contentJson, schemaJson } from "./components.ts";
import type { JsonObject } from "./json.ts";

type Row = Pick<Operation<never>, "access" | "rateLimit" | "errors" | "doc" | "responses">;

/**
 * The responses and refusals of one operation, by status. Object keys that are numbers stand in
 * ascending order by themselves.
 */
export function responsesOf(row: Row): JsonObject {
  const declared = Object.entries(row.responses).map(([status, { description, content }]) => [
    status,
    { description, ...(content && { content: contentJson(content) }) },
  ]);
  const refusals = Object.entries(row.doc.refusals ?? {}).map(([status, description]) => [
    status,
    refusal(status === "403" && row.access.kind === "permissions" ? `${FORBIDDEN} ${description}` : description, row),
  ]);
  return { ...refusalsByAccess(row), ...Object.fromEntries(declared), ...Object.fromEntries(refusals) };
}

const FORBIDDEN = "`Forbidden`: the token has none of the permissions.";

const isThrottled = ({ access, rateLimit }: Row) => access.kind === "permissions" && rateLimit !== "none";

function refusalsByAccess(row: Row): JsonObject {
  const { kind } = row.access;
  return {
    ...(kind !== "anonymous" && { 401: { $ref: "#/components/responses/Unauthorized" } }),
    ...(kind === "permissions" && { 403: refusal(FORBIDDEN, row) }),
    ...(isThrottled(row) && { 429: { $ref: "#/components/responses/TooManyRequests" } }),
  };
}

const refusal = (description: string, { errors }: Pick<Row, "errors">): JsonObject => ({
  description,
  content: { "application/json": { schema: schemaJson(errors === "oauth" ? TokenErrorWire : ErrorWire) } },
});

/** Refusals that are the same everywhere. */
export const componentResponses = (): JsonObject => ({
  Unauthorized: {
    ...refusal("`Unauthorized`: the token or ticket is missing, malformed or has expired.", {}),
    headers: { "WWW-Authenticate": { description: "What is wanted instead.", schema: { type: "string" } } },
  },
  TooManyRequests: {
    ...refusal("`TooManyRequests`: more requests than the limit, or every live response session is running.", {}),
    headers: { "Retry-After": { description: "Whole seconds to wait.", schema: { type: "integer" } } },
  },
});
