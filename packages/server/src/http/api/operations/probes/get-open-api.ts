import { toJsonText } from "@halligan/protocol/text";
import { Type } from "typebox";
import { endpointUrl } from "../../../../auth/tokens/openid-configuration.ts";
import { anonymous } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import type { Operation } from "../../../edge/operation.ts";
import { bytesBlob } from "../../../edge/response/bytes-blob.ts";
import { openApiDocument } from "../../../openapi/document.ts";
import { type HttpContext, operation } from "../../context.ts";

const OPEN = { additionalProperties: true };

const OpenApi = Type.Object({ openapi: Type.String(), paths: Type.Object({}, OPEN) }, OPEN);

/**
 * The OpenAPI document of this server. It says nothing that the published one does not, so it needs
 * no token. `operations`: the route table, which has this operation too and therefore is asked for
 * only when it is complete.
 */
export const getOpenApi = (operations: () => readonly Operation<HttpContext>[]): Operation<HttpContext> => {
  // Made once for each server, as bytes: making it and writing it as JSON take milliseconds, and no
  // token is asked for.
  const made = new WeakMap<HttpContext, Buffer>();
  const documentOf = (context: HttpContext): Buffer => {
    const { version, publicUrl, tenant } = context;
    const document =
      made.get(context) ??
      Buffer.from(
        toJsonText(
          openApiDocument(operations(), {
            version,
            server: { url: publicUrl, description: "This server." },
            tokenUrl: endpointUrl(publicUrl, tenant.id, "v2", "token"),
          }),
        ),
      );
    made.set(context, document);
    return document;
  };
  return operation({
    name: "GetOpenApi",
    method: "GET",
    path: "/openapi.json",
    access: anonymous,
    rateLimit: "none",
    isPublic: true,
    doc: {
      tag: "Halligan",
      summary: "This document",
      description: "With the address of the server that is asked.",
    },
    responses: { 200: bytes("An OpenAPI 3.1 document.", { "application/json": { schema: OpenApi } }) },
    body: noBody,
    handler(_request, context) {
      const bytes = documentOf(context);
      return {
        kind: "bytes",
        status: 200 as const,
        lengthBytes: bytes.length,
        headers: { "content-type": "application/json; charset=utf-8" },
        open: async () => bytesBlob(bytes),
      };
    },
  });
};
