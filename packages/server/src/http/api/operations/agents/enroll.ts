import { ENROLL_PATH, EnrollRequest } from "@halligan/protocol/link";
import type { Attempt } from "../../../../auth/failures/attempt.ts";
import { enrollMachine } from "../../../../service/agents/enroll-machine.ts";
import { anonymous } from "../../../edge/access.ts";
import { ok, tooManyRequests } from "../../../edge/answer.ts";
import { json } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";

/** Longest enrollment, in bytes: a device with 64 network addresses sends about 10 KiB. Read without authentication. */
const ENROLL_LIMIT_BYTES = 16 * 1024;

/** A device registers its key; the enrollment token in the body is its access. */
export const enroll = operation({
  name: "Enroll",
  method: "POST",
  path: ENROLL_PATH,
  access: anonymous,
  body: json(EnrollRequest, { limitBytes: ENROLL_LIMIT_BYTES }),
  async handler({ body, remoteAddress }, context) {
    const { authentications } = context;
    const attempt: Attempt = {
      kind: "enrollmentToken",
      address: remoteAddress,
      account: null,
      credential: body.token,
    };
    const waitMs = authentications.waitMs(attempt);
    if (waitMs !== null) return tooManyRequests(waitMs / 1_000, "too many failed enrollments from this address.");
    const enrolled = await enrollMachine(context, body, remoteAddress);
    if (!enrolled.ok) {
      authentications.failed(attempt);
      return domainRefusal(enrolled.error);
    }
    authentications.succeeded(attempt);
    return ok(enrolled.value);
  },
});
