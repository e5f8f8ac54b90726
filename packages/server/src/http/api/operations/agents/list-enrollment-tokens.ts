import { EnrollmentTokenListWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import * as tokens from "../../../../service/agents/enrollment-tokens.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { httpError, ok } from "../../../edge/http-response.ts";
import { sampleEnrollmentToken } from "../../../openapi/samples/administration.ts";
import { textParameter } from "../../../openapi/samples/parameters.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { enrollmentTokenWire } from "./enrollment-token-wire.ts";

const PATH = "/halligan/v1/enrollment-tokens";

const DEFAULT_TOP = 200;

const MAX_TOP = 1_000;

/** Newest first; `?top= before=<id of a token>`. */
export const listEnrollmentTokens = operation({
  name: "ListEnrollmentTokens",
  method: "GET",
  path: "/halligan/v1/enrollment-tokens",
  access: permitted(ADMIN),
  rateLimit: "none",
  query: { top: "value", before: "value" },
  doc: {
    tag: "Halligan",
    summary: "List enrollment tokens",
    description: "Newest first, those that are used up, expired or revoked too. The tokens themselves are not kept.",
    query: {
      top: {
        description: "How many at most. Default 200.",
        schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
        example: 10,
      },
      before: textParameter("Only tokens that were made before the one with this id."),
    },
    refusals: { 400: "`InvalidInput`: an option that does not exist, or a value out of its bounds." },
  },
  responses: {
    200: json("One page of them.", EnrollmentTokenListWire, { value: [sampleEnrollmentToken], nextLink: null }),
  },
  body: noBody,
  async handler({ caller, options, signal: gone }, context) {
    const text = options.get("top") ?? String(DEFAULT_TOP);
    const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (limit < 1 || limit > MAX_TOP)
      return httpError(400, "InvalidInput", `top must be a number from 1 to ${MAX_TOP}`);
    const page = { beforeId: options.get("before")?.toLowerCase() ?? null, limit };
    const turn = { accountId: accountOf(caller), gone };
    return await context.listTurns.take(turn, async () => {
      const listed = await tokens.listEnrollmentTokens(context, page);
      const last = listed.at(-1);
      const next = new URLSearchParams({ ...Object.fromEntries(options), before: last?.id ?? "" });
      const nowMs = context.clock.nowMs();
      const responseBody: EnrollmentTokenListWire = {
        value: listed.map((token) => enrollmentTokenWire(token, nowMs)),
        nextLink: last && listed.length === limit ? `${context.publicUrl}${PATH}?${next}` : null,
      };
      return ok(responseBody);
    });
  },
});
