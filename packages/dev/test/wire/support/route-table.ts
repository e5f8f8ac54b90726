import { OPERATIONS } from "@halligan/server/src/http/api/routes.ts";
import { UNKNOWN_ACTION, UNKNOWN_MACHINE } from "./commands.ts";

/**
 * A row of the server's route table, as the walks of `permissions.test.ts` and `malformed.test.ts`
 * need it.
 */
export interface Route {
  /** Method and path as in the table: unique, and what a test is called by. */
  readonly title: string;
  /** Of the operation. */
  readonly name: string;
  readonly method: string;
  /** In the router's syntax. */
  readonly pattern: string;
  readonly access: "anonymous" | "ticket" | "permissions";
  /** Any one of them is enough. */
  readonly permissions: readonly string[];
  readonly body: "none" | "json" | "form" | "multipart" | "stream";
  /** Refusals have OAuth's form. */
  readonly isOAuth: boolean;
  /** Of the contract, not Halligan's own. */
  readonly isContract: boolean;
}

export const ROUTES: readonly Route[] = OPERATIONS.map(({ name, method, path, access, body, errors }) => ({
  title: `${method} ${path}`,
  name,
  method,
  pattern: path,
  access: access.kind,
  permissions: access.kind === "permissions" ? access.application : [],
  body: body.kind,
  isOAuth: errors === "oauth",
  isContract: path.startsWith("/api/") || errors === "oauth",
}));

/** Values for parameters: well-formed, and naming nothing that is there. */
const SAMPLES: Readonly<Record<string, string>> = {
  id: UNKNOWN_MACHINE,
  actionId: UNKNOWN_ACTION,
  clientId: UNKNOWN_ACTION,
  tokenId: UNKNOWN_ACTION,
  secretId: UNKNOWN_ACTION,
  callerId: encodeURIComponent("https://id.example#none"),
  uploadId: "0123456789abcdef0123456789abcdef",
  sha256: "0123456789abcdef".repeat(4),
  fileName: "wire-none.txt",
  index: "0",
  part: "0",
  stream: "stdout",
  user: "analyst@soc.example",
  ip: "'203.0.113.99'",
};

const PARAMETER = /:(\w+)(\((?:[^()]|\([^()]*\))*\))?/g;

/** A path of the route that names nothing that is there. */
export const samplePath = ({ pattern, method }: Route, tenant: string): string => {
  const path = pattern.replace(PARAMETER, (_whole, name: string, rule: string | undefined) => {
    if (name === "tenant") return tenant;
    if (name === "timestamp") return new Date().toISOString();
    if (name === "id" && rule?.includes("\\d")) return "999999";
    const sample = SAMPLES[name];
    if (sample === undefined) throw new Error(`there is no sample for the parameter ${name} of ${method} ${pattern}`);
    return sample;
  });
  return path === "/api/machines/findbytag" ? `${path}?tag=none` : path;
};
