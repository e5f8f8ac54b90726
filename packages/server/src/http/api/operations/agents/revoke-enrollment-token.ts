import { EnrollmentTokenSummaryWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import * as tokens from "../../../../service/agents/enrollment-tokens.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleEnrollmentToken } from "../../../openapi/samples/administration.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { enrollmentTokenWire } from "./enrollment-token-wire.ts";

export const revokeEnrollmentToken = operation({
  name: "RevokeEnrollmentToken",
  method: "POST",
  path: "/halligan/v1/enrollment-tokens/:tokenId/revoke",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Revoke an enrollment token",
    description:
      "No device enrolls with it from then on. Machines that did stay enrolled; " +
      "`GET /halligan/v1/machines?enrollmentTokenId=` lists them. Repeating it changes nothing.",
    path: {
      tokenId: { description: "Id of the token.", schema: Type.String(), example: SAMPLE.enrollmentTokenId },
    },
    refusals: { 404: "`ResourceNotFound`: there is no such token." },
  },
  responses: {
    200: json("The token.", EnrollmentTokenSummaryWire, {
      ...sampleEnrollmentToken,
      state: "revoked",
      usesLeft: 0,
      revokedAt: "2026-11-21T12:30:00.5Z",
      revokedBy: "Administrator",
    }),
  },
  body: noBody,
  async handler({ caller, params }, context) {
    const revoked = await tokens.revokeEnrollmentToken(context, caller, params.tokenId.toLowerCase());
    return revoked.ok ? ok(enrollmentTokenWire(revoked.value, context.clock.nowMs())) : domainRefusal(revoked.error);
  },
});
