import { endpointUrl } from "../../auth/openid-configuration.ts";
import { anonymous } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { type HttpContext, operation } from "../context.ts";
import { openApiDocument } from "../openapi/document.ts";
import type { JsonObject } from "../openapi/json.ts";
import type { Operation } from "../operation.ts";

/**
 * The OpenAPI document of this server. It says nothing that the published one does not, so it needs no token.
 * `operations`: the route table, which has this operation too and therefore is asked for only when it is complete.
 */
export const getOpenApi = (operations: () => readonly Operation<HttpContext>[]): Operation<HttpContext> => {
  // Made once for each server: it takes milliseconds, and anybody may ask.
  const made = new WeakMap<HttpContext, JsonObject>();
  const documentOf = (context: HttpContext): JsonObject => {
    const { version, publicUrl, tenant } = context;
    const document =
      made.get(context) ??
      openApiDocument(operations(), {
        version,
        server: { url: publicUrl, description: "This server." },
        tokenUrl: endpointUrl(publicUrl, tenant.id, "v2", "token"),
      });
    made.set(context, document);
    return document;
  };
  return operation({
    name: "GetOpenApi",
    method: "GET",
    path: "/openapi.json",
    access: anonymous,
    body: noBody,
    handler: (_request, context) => ok(documentOf(context)),
  });
};
