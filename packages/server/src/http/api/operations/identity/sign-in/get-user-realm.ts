import { UserRealmWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { anonymous } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { ok } from "../../../../edge/http-response.ts";
import { operation } from "../../../context.ts";

/**
 * Managed for every user: the library then goes to the token endpoint, whose refusal names the
 * grant that is not served.
 */
export const getUserRealm = operation({
  name: "GetUserRealm",
  method: "GET",
  path: "/common/userrealm/:user",
  access: anonymous,
  rateLimit: "none",
  errors: "oauth",
  isPublic: true,
  doc: {
    tag: "Tokens",
    summary: "Find a user's realm",
    description:
      "Asked by libraries before they send a user's password, a grant that the token endpoints refuse by name.",
    path: { user: { description: "The user's name.", schema: Type.String(), example: "analyst@soc.example" } },
  },
  responses: {
    200: json("The realm.", UserRealmWire, {
      ver: "1.0",
      account_type: "Managed",
      domain_name: "soc.example",
      cloud_instance_name: "127.0.0.1:8780",
    }),
  },
  body: noBody,
  handler({ params }, { publicUrl }) {
    const { host } = new URL(publicUrl);
    const domain = params.user.split("@").at(-1) ?? "";
    return ok({
      ver: "1.0" as const,
      account_type: "Managed" as const,
      domain_name: domain,
      cloud_instance_name: host,
    });
  },
});
