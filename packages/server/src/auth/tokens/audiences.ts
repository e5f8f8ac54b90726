import { err, ok, type Result } from "@halligan/protocol/errors";

/**
 * Resources a client may ask a token for. `docs/contract/auth.md#token-requests` and
 * `docs/contract/clients-in-the-wild.md#paths` and `docs/contract/clients-in-the-wild.md#tokens`:
 * they are compiled into clients, which only change their base URL. The server's own public URL is
 * added.
 */
export const CONTRACT_AUDIENCES: readonly string[] = [
  "https://api.securitycenter.microsoft.com",
  "https://api.security.microsoft.com",
  "https://api.securitycenter.windows.com",
  "https://securitycenter.onmicrosoft.com/windowsatpservice",
  "https://api-us.securitycenter.microsoft.com",
  "https://api-eu.securitycenter.microsoft.com",
  "https://api-uk.securitycenter.microsoft.com",
  "https://api-au.securitycenter.microsoft.com",
  "https://us.api.security.microsoft.com",
  "https://eu.api.security.microsoft.com",
  "https://uk.api.security.microsoft.com",
  "https://au.api.security.microsoft.com",
  "https://swa.api.security.microsoft.com",
  "https://ina.api.security.microsoft.com",
  "https://api-gcc.securitycenter.microsoft.us",
  "https://api-gov.securitycenter.microsoft.us",
  "fc780465-2017-40d4-a0c5-307022471b92",
];

export type AudienceRefusal = { readonly code: "invalid_resource" | "invalid_scope"; readonly message: string };

const DEFAULT_SUFFIX = "/.default";
const trimSlashes = (text: string) => text.replace(/\/{1,2}$/, "");

/**
 * All audiences for which this server issues and accepts tokens. `publicUrl`: absolute, with or
 * without a final slash.
 */
export const acceptedAudiences = (publicUrl: string): readonly string[] => [
  ...new Set([...CONTRACT_AUDIENCES, trimSlashes(publicUrl)]),
];

/**
 * The audience of a token request, spelled as in `accepted`.
 *
 * v1 has `resource`, v2 `scope` ending in `/.default` (other v2 scopes with it, such as `openid`,
 * are ignored). Some clients send the field of the other version, alone or in addition. The
 * version's own field decides; the other one is used when it is missing. MSAL sends `scope` to v1
 * when it was given the v1 configuration. Host names compare in any letter case.
 */
export function parseRequestedAudience(
  request: { readonly resource: string | undefined; readonly scope: string | undefined },
  version: "v1" | "v2",
  accepted: readonly string[],
): Result<string, AudienceRefusal> {
  const find = (name: string) => accepted.find((one) => one.toLowerCase() === trimSlashes(name).toLowerCase());
  const { resource, scope } = request;
  const [first] = accepted;
  const example = first === undefined ? "" : `, for example ${first}${DEFAULT_SUFFIX}`;
  if (scope !== undefined && (version === "v2" || resource === undefined)) {
    const asked = scope.split(" ").find((one) => one.endsWith(DEFAULT_SUFFIX));
    const audience = asked === undefined ? undefined : find(asked.slice(0, -DEFAULT_SUFFIX.length));
    if (audience !== undefined) return ok(audience);
    return err({
      code: "invalid_scope",
      message: `scope must be a resource of this server followed by /.default${example}`,
    });
  }
  if (resource !== undefined) {
    const audience = find(resource);
    if (audience !== undefined) return ok(audience);
    return err({ code: "invalid_resource", message: "resource is not one of this server" });
  }
  return version === "v2"
    ? err({ code: "invalid_scope", message: `scope is missing${example}` })
    : err({ code: "invalid_resource", message: "resource is missing" });
}
