import { pathTemplate } from "../edge/path-template.ts";
import { componentSchemas } from "./components.ts";
import type { JsonObject } from "./json.ts";
import { type OperationRow, operationObject } from "./operation-object.ts";
import { componentResponses } from "./responses.ts";
import { AUDIENCE, SAMPLE } from "./samples/values.ts";
import { TAGS } from "./tags.ts";

/** What differs from one server to another. */
export interface DocumentOf {
  readonly version: string;
  /** One entry of `servers`. */
  readonly server: JsonObject;
  /** Of v2; absolute, or relative to the server. */
  readonly tokenUrl: string;
}

const DESCRIPTION = `Live response for devices that you run yourself. The API under \`/api\` is that of Microsoft Defender for Endpoint.

Paths match in any letter case, and \`/api/v1.0/...\` is \`/api/...\`; property names of a body have to be as written. A GET answers HEAD as well.
Every refusal has the body \`{"error": {"code", "message", "target"}}\`, with the id of the request as \`target\`; those of the token endpoints have OAuth's.

The examples are requests that work once the values of your server stand in the place of those of \`x-samples\`.`;

/** The OpenAPI document of these operations. Throws for one without an example of its body. */
export function openApiDocument(
  operations: readonly OperationRow[],
  { version, server, tokenUrl }: DocumentOf,
): JsonObject {
  return {
    openapi: "3.1.0",
    info: {
      title: "Halligan",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [server],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    "x-samples": SAMPLE,
    paths: pathsOf(operations),
    components: {
      schemas: componentSchemas(operations),
      responses: componentResponses(),
      securitySchemes: securitySchemes(tokenUrl),
    },
  };
}

function pathsOf(operations: readonly OperationRow[]): JsonObject {
  const paths = new Map<string, Record<string, JsonObject>>();
  for (const operation of operations) {
    const { path, parameters } = pathTemplate(operation.path);
    const item = paths.get(path) ?? {};
    item[operation.method.toLowerCase()] = operationObject(operation, operationId(operation, operations), parameters);
    paths.set(path, item);
  }
  return Object.fromEntries(paths);
}

/** The name; operations that share one differ by the end of their path. */
function operationId({ name, path }: OperationRow, operations: readonly OperationRow[]): string {
  const isShared = operations.filter((other) => other.name === name).length > 1;
  return isShared ? `${name}_${path.split("/").at(-1)}` : name;
}

const securitySchemes = (tokenUrl: string): JsonObject => ({
  bearer: {
    type: "oauth2",
    description:
      "`Authorization: Bearer <token>`. An application's permissions come with its token as `roles`, a user's as `scp`; " +
      "`x-permissions` of each operation has those of which one is needed. The token URL has the tenant of the server, which GetInfo tells.",
    flows: {
      clientCredentials: {
        tokenUrl,
        scopes: { [`${AUDIENCE}/.default`]: "Every permission that the application has." },
      },
    },
  },
  ticket: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description:
      "`Authorization: Ticket <ticket>`, with the ticket of the link's welcome. Good as long as that link is the machine's newest.",
  },
});
