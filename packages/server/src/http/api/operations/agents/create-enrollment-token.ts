import { CreateEnrollmentTokenRequest, EnrollmentTokenWire } from "@halligan/protocol/api";
import { createEnrollmentToken as create } from "../../../../service/agents/create-enrollment-token.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { created } from "../../../edge/http-response.ts";
import { BODY_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { wireTime } from "../../present/wire-time.ts";

/** The response is the only place where the token ever stands. */
export const createEnrollmentToken = operation({
  name: "CreateEnrollmentToken",
  method: "POST",
  path: "/halligan/v1/enrollment-tokens",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Make an enrollment token",
    description: "With it devices enroll. The answer is the only place where the token ever stands.",
    bodyExample: { uses: 1, expiresInSeconds: 3600 },
    refusals: { 400: BODY_REFUSED },
  },
  responses: {
    201: json("The token.", EnrollmentTokenWire, {
      id: SAMPLE.enrollmentTokenId,
      token: SAMPLE.enrollmentToken,
      uses: 1,
      expiresAt: "2026-11-21T13:00:00.118Z",
    }),
  },
  body: jsonBody(CreateEnrollmentTokenRequest),
  async handler({ caller, body }, context) {
    const { id, token, uses, expiresAtMs } = await create(context, caller, body);
    const responseBody: EnrollmentTokenWire = { id, token, uses, expiresAt: wireTime(expiresAtMs) };
    return created(responseBody);
  },
});
