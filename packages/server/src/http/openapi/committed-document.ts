import { openApiDocument } from "./document.ts";
import type { JsonObject } from "./json.ts";
import type { OperationRow } from "./operation-object.ts";
import { SAMPLE } from "./samples/values.ts";

/** `docs/openapi.json`: of no server in particular. */
export const committedDocument = (operations: readonly OperationRow[], version: string): JsonObject =>
  openApiDocument(operations, {
    version,
    server: {
      url: "{baseUrl}",
      description: "Your server. The default is where it listens without settings.",
      variables: { baseUrl: { default: "http://127.0.0.1:8780", description: "Its address, without a final slash." } },
    },
    tokenUrl: `/${SAMPLE.tenant}/oauth2/v2.0/token`,
  });
