import { ENROLL_PATH, EnrollRequest } from "@halligan/protocol/link";
import { enrollMachine } from "../../service/enroll-machine.ts";
import { anonymous } from "../access.ts";
import { ok } from "../answer.ts";
import { json } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { domainRefusal } from "../wire-errors.ts";

/** A device registers its key; the enrollment token in the body is its access. */
export const enroll = operation({
  name: "Enroll",
  method: "POST",
  path: ENROLL_PATH,
  access: anonymous,
  body: json(EnrollRequest),
  async handler({ body, remoteAddress }, context) {
    const enrolled = await enrollMachine(context, body, remoteAddress);
    return enrolled.ok ? ok(enrolled.value) : domainRefusal(enrolled.error);
  },
});
