import { InfoWire } from "@halligan/protocol/api";
import { endpointUrl } from "../../../../auth/tokens/openid-configuration.ts";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { operation } from "../../context.ts";

/** Where to get a token: what a client needs before it has one. */
export const getInfo = operation({
  name: "GetInfo",
  method: "GET",
  path: "/halligan/v1/info",
  access: anonymous,
  rateLimit: "none",
  isPublic: true,
  doc: {
    tag: "Halligan",
    summary: "Find the token endpoint",
    description: "What a client needs before it has a token.",
  },
  responses: {
    200: json("This server.", InfoWire, {
      product: "Halligan",
      version: "0.1.0",
      tenant: SAMPLE.tenant,
      tokenUrl: `http://127.0.0.1:8780/${SAMPLE.tenant}/oauth2/v2.0/token`,
    }),
  },
  body: noBody,
  async handler(_request, { tenant, version, publicUrl }) {
    const info: InfoWire = {
      product: "Halligan",
      version,
      tenant: tenant.id,
      tokenUrl: endpointUrl(publicUrl, tenant.id, "v2", "token"),
    };
    return ok(info);
  },
});
