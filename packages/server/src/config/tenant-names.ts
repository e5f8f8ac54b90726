import { isIP } from "node:net";
import { err, ok, type Result } from "@halligan/protocol/errors";

const DOMAIN_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Names that stand for no single tenant: `auth/tenant.ts`. */
const SHARED_NAMES = ["common", "organizations", "consumers"];

/** The names in lower case. A refusal is the first name that a tenant cannot have. */
export function parseTenantNames(text: string): Result<string[], string> {
  const names = text.split(",").flatMap((name) => name.trim().toLowerCase() || []);
  const wrong = names.find(
    (name) => !DOMAIN_NAME.test(name) || GUID.test(name) || isIP(name) !== 0 || SHARED_NAMES.includes(name),
  );
  return wrong === undefined ? ok(names) : err(wrong);
}
