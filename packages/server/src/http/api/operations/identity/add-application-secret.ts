import { AddApplicationSecretRequest, NewApplicationSecretWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { addApplicationSecret as addSecret } from "../../../../service/identity/application-secrets.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { created } from "../../../edge/http-response.ts";
import { sampleApplication } from "../../../openapi/samples/identity.ts";
import { APPLICATION_NOT_FOUND, BODY_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { applicationSecretWire } from "./application-wire.ts";
import { secretEndMs } from "./secret-end.ts";

/** The response is the only place where the secret ever stands. */
export const addApplicationSecret = operation({
  name: "AddApplicationSecret",
  method: "POST",
  path: "/halligan/v1/applications/:clientId/secrets",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Add a secret to an application",
    description:
      "Up to ten at a time, each with an end of its own, so that installations change over one by one. The answer is the " +
      "only place where the secret ever stands. The caller needs every permission that the application has.",
    path: { clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId } },
    bodyExample: { expiresInSeconds: 7_776_000 },
    refusals: {
      400: `${BODY_REFUSED} \`BadRequest\`: it signs in by keys, or has ten secrets.`,
      403: "`Forbidden`: the application has a permission that the caller does not have.",
      404: APPLICATION_NOT_FOUND,
    },
  },
  responses: {
    201: json("The secret.", NewApplicationSecretWire, {
      ...sampleApplication.secrets[0],
      clientSecret: SAMPLE.clientSecret,
    }),
  },
  body: jsonBody(AddApplicationSecretRequest),
  async handler({ caller, params, body }, context) {
    const expiresAtMs = secretEndMs(context.clock.nowMs(), body.expiresInSeconds);
    const added = await addSecret(context, caller, params.clientId.toLowerCase(), expiresAtMs);
    if (!added.ok) return domainRefusal(added.error);
    const { secret, clientSecret } = added.value;
    const responseBody: NewApplicationSecretWire = {
      ...applicationSecretWire(secret, context.clock.nowMs()),
      clientSecret,
    };
    return created(responseBody);
  },
});
