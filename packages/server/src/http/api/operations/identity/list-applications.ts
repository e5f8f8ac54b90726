import { ApplicationListWire } from "@halligan/protocol/api";
import { listApplications as list } from "../../../../service/identity/list-applications.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleApplication } from "../../../openapi/samples/identity.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { applicationWire } from "./application-wire.ts";

export const listApplications = operation({
  name: "ListApplications",
  method: "GET",
  path: "/halligan/v1/applications",
  access: permitted(ADMIN),
  rateLimit: "none",
  query: {},
  doc: {
    tag: "Halligan",
    summary: "List applications",
  },
  responses: { 200: json("All of them.", ApplicationListWire, { value: [sampleApplication] }) },
  body: noBody,
  async handler(_request, context) {
    const nowMs = context.clock.nowMs();
    const responseBody: ApplicationListWire = {
      value: (await list(context)).map((one) => applicationWire(one, nowMs)),
    };
    return ok(responseBody);
  },
});
