import type { IncomingHttpHeaders } from "node:http";
import { Type } from "typebox";
import { type IdempotencyKey, idempotencyKey } from "../../service/actions/start/idempotent-start.ts";
import { type ErrorResponse, httpError } from "../edge/http-response.ts";
import type { ParameterDoc } from "../edge/operation-doc.ts";

/** A space is not allowed: Node joins the values of a repeated header with a comma and a space. */
const KEY = /^[\x21-\x7e]{1,255}$/;

export const idempotencyKeyHeader = {
  "Idempotency-Key": {
    description:
      "Makes the start safe to repeat: 1 to 255 visible ASCII characters without spaces, new for each start, for example a random UUID. " +
      "For 24 hours a repeated request with the same key by the same account returns the first response and starts nothing.",
    schema: Type.String({ minLength: 1, maxLength: 255, pattern: "^[!-~]+$" }),
  },
} satisfies Record<string, ParameterDoc>;

export const IDEMPOTENCY_REFUSALS = {
  410: "`ResourceNotFound`: the action that `Idempotency-Key` has started was removed.",
  422: "`IdempotencyKeyReused`: the account has used this `Idempotency-Key` for another body, machine or operation.",
};

/** Null without the header. */
export function readIdempotencyKey(
  headers: IncomingHttpHeaders,
  operation: string,
  machineId: string,
  body: object,
): { readonly kind: "read"; readonly key: IdempotencyKey | null } | ErrorResponse {
  const text = headers["idempotency-key"];
  if (text === undefined) return { kind: "read", key: null };
  if (typeof text !== "string" || !KEY.test(text)) {
    return httpError(
      400,
      "InvalidInput",
      "Idempotency-Key must be one value of 1 to 255 visible ASCII characters without spaces",
    );
  }
  return { kind: "read", key: idempotencyKey(text, operation, machineId, body) };
}
