import { ENROLL_PATH, EnrollRequest, EnrollResponse } from "@halligan/protocol/link";
import type { Attempt } from "../../../../auth/failures/attempt.ts";
import { enrollMachine } from "../../../../service/agents/enroll-machine.ts";
import { anonymous } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok, tooManyRequests } from "../../../edge/http-response.ts";
import { BODY_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE, SAMPLE_PART_SHA256 } from "../../../openapi/samples/values.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/**
 * Longest enrollment, in bytes: a device with 64 network addresses sends about 10 KiB. Read without
 * authentication.
 */
const ENROLL_LIMIT_BYTES = 16 * 1024;

/** A device registers its key; the enrollment token in the body is its access. */
export const enroll = operation({
  name: "Enroll",
  method: "POST",
  path: ENROLL_PATH,
  access: anonymous,
  rateLimit: "none",
  doc: {
    tag: "Agents",
    summary: "Enroll a device",
    description:
      "Registers the device's Ed25519 key. The enrollment token is its access; the proof is a signature by that key. Repeating it with the " +
      "same key and token gives the same answer.",
    bodyExample: {
      token: SAMPLE.enrollmentToken,
      publicKey: SAMPLE.publicKey,
      proof: SAMPLE.proof,
      facts: {
        computerDnsName: "build-07",
        osPlatform: "Linux",
        version: "12",
        osVersion: "6.12.9",
        osBuild: null,
        osArchitecture: "64-bit",
        osProcessor: "x64",
        agentVersion: "0.1.0",
        ipAddresses: [],
      },
    },
    refusals: {
      400: BODY_REFUSED,
      403: "`Forbidden`: the token is unknown, has expired or is used up; the proof is wrong; or the key is enrolled already.",
      429: "`TooManyRequests`: too many requests, or too many refused enrollments, of the address. `Retry-After` says how long to wait.",
    },
  },
  responses: {
    200: json("The machine's id, and the keys that may sign its orders.", EnrollResponse, {
      machineId: SAMPLE.machineId,
      orderKeys: [{ keyId: SAMPLE_PART_SHA256, publicKey: SAMPLE.publicKey }],
    }),
  },
  body: jsonBody(EnrollRequest, { limitBytes: ENROLL_LIMIT_BYTES }),
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
