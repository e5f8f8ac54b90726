import { CreateEnrollmentTokenRequest, type EnrollmentTokenWire } from "@halligan/protocol/api";
import { createEnrollmentToken as create } from "../../../../service/agents/create-enrollment-token.ts";
import { permitted } from "../../../edge/access.ts";
import { created } from "../../../edge/answer.ts";
import { json } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { wireTime } from "../../present/wire-time.ts";

/** The answer is the only place where the token ever stands. */
export const createEnrollmentToken = operation({
  name: "CreateEnrollmentToken",
  method: "POST",
  path: "/halligan/v1/enrollment-tokens",
  access: permitted("CreateEnrollmentToken"),
  body: json(CreateEnrollmentTokenRequest),
  async handler({ caller, body }, context) {
    const { id, token, uses, expiresAtMs } = await create(context, caller, body);
    const answer: EnrollmentTokenWire = { id, token, uses, expiresAt: wireTime(expiresAtMs) };
    return created(answer);
  },
});
