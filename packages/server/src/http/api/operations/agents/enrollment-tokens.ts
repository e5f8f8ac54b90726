import type { EnrollmentTokenListWire, EnrollmentTokenSummaryWire } from "@halligan/protocol/api";
import { accountOf } from "../../../../auth/caller.ts";
import { type EnrollmentToken, enrollmentTokenState } from "../../../../domain/agents/enrollment-token.ts";
import * as tokens from "../../../../service/agents/enrollment-tokens.ts";
import { permitted } from "../../../edge/access.ts";
import { ok, refuse } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { wireTime, wireTimeOrNull } from "../../present/wire-time.ts";

const PATH = "/halligan/v1/enrollment-tokens";
const DEFAULT_TOP = 200;
const MAX_TOP = 1_000;

/** Newest first; `?top= before=<id of a token>`. */
export const listEnrollmentTokens = operation({
  name: "ListEnrollmentTokens",
  method: "GET",
  path: PATH,
  access: permitted("ListEnrollmentTokens"),
  query: { top: "value", before: "value" },
  body: noBody,
  async handler({ caller, options, signal: gone }, context) {
    const text = options.get("top") ?? String(DEFAULT_TOP);
    const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
    if (limit < 1 || limit > MAX_TOP) return refuse(400, "InvalidInput", `top must be a number from 1 to ${MAX_TOP}`);
    const page = { beforeId: options.get("before")?.toLowerCase() ?? null, limit };
    const turn = { accountId: accountOf(caller), gone };
    const taken = await context.listTurns.take(turn, () => tokens.listEnrollmentTokens(context, page));
    if (!taken.ok) return taken.error;
    const listed = taken.value;
    const last = listed.at(-1);
    const next = new URLSearchParams({ ...Object.fromEntries(options), before: last?.id ?? "" });
    const nowMs = context.clock.nowMs();
    const answer: EnrollmentTokenListWire = {
      value: listed.map((token) => summaryWire(token, nowMs)),
      nextLink: last && listed.length === limit ? `${context.publicUrl}${PATH}?${next}` : null,
    };
    return ok(answer);
  },
});

export const revokeEnrollmentToken = operation({
  name: "RevokeEnrollmentToken",
  method: "POST",
  path: `${PATH}/:tokenId/revoke`,
  access: permitted("RevokeEnrollmentToken"),
  body: noBody,
  async handler({ caller, params }, context) {
    const revoked = await tokens.revokeEnrollmentToken(context, caller, (params.tokenId ?? "").toLowerCase());
    return revoked.ok ? ok(summaryWire(revoked.value, context.clock.nowMs())) : domainRefusal(revoked.error);
  },
});

const summaryWire = (token: EnrollmentToken, nowMs: number): EnrollmentTokenSummaryWire => ({
  id: token.id,
  state: enrollmentTokenState(token, nowMs),
  createdBy: token.createdBy,
  createdAt: wireTime(token.createdAtMs),
  expiresAt: wireTime(token.expiresAtMs),
  uses: token.uses,
  usesLeft: token.usesLeft,
  lastUsedAt: wireTimeOrNull(token.lastUsedAtMs),
  machinesEnrolled: token.machinesEnrolled,
  revokedAt: wireTimeOrNull(token.revocation?.atMs ?? null),
  revokedBy: token.revocation?.by ?? null,
});
