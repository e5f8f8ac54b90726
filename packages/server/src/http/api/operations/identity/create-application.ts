import { CreateApplicationRequest, NewApplicationWire, PERMISSIONS } from "@halligan/protocol/api";
import { createApplication as create } from "../../../../service/identity/create-application.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { created } from "../../../edge/http-response.ts";
import { sampleApplication } from "../../../openapi/samples/identity.ts";
import { BODY_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { applicationWire } from "./application-wire.ts";
import { secretEndMs } from "./secret-end.ts";

/** The response is the only place where the secret of an application without keys ever stands. */
export const createApplication = operation({
  name: "CreateApplication",
  method: "POST",
  path: "/halligan/v1/applications",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Register an application",
    description: `The answer is the only place where the secret ever stands. With \`keys\` there is none. Roles: ${Object.keys(
      PERMISSIONS,
    )
      .map((name) => `\`${name}\``)
      .join(", ")}.`,
    bodyExample: { name: sampleApplication.name, roles: sampleApplication.roles },
    refusals: {
      400: `${BODY_REFUSED} \`InvalidInput\`: a role that does not exist.`,
      403: "`Forbidden`: a role that the caller does not have itself.",
    },
  },
  responses: {
    201: json("The application and its secret.", NewApplicationWire, {
      ...sampleApplication,
      clientSecret: SAMPLE.clientSecret,
    }),
  },
  body: jsonBody(CreateApplicationRequest),
  async handler({ caller, body }, context) {
    const { secretExpiresInSeconds, ...input } = body;
    const made = await create(context, caller, {
      ...input,
      secretExpiresAtMs: secretEndMs(context.clock.nowMs(), secretExpiresInSeconds),
    });
    if (!made.ok) return domainRefusal(made.error);
    const responseBody: NewApplicationWire = {
      ...applicationWire(made.value.application, context.clock.nowMs()),
      clientSecret: made.value.clientSecret,
    };
    return created(responseBody);
  },
});
