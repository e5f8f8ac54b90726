import type { InfoWire } from "@halligan/protocol/api";
import { endpointUrl } from "../../../../auth/tokens/openid-configuration.ts";
import { anonymous } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";

/** Where to get a token: what a client needs before it has one. */
export const getInfo = operation({
  name: "GetInfo",
  method: "GET",
  path: "/halligan/v1/info",
  access: anonymous,
  isPublic: true,
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
