/** The only tenant of a deployment, as it appears in paths of the token endpoints. */
export interface Tenant {
  /** GUID. Part of issuers, of `tid` and of the URLs that the server issues. */
  readonly id: string;
  /** Domain names in lower case that can replace the id in a path. */
  readonly names: readonly string[];
}

/**
 * Names with which Entra lets a client leave its tenant open. A token for an application always
 * belongs to one tenant.
 */
const SHARED_NAMES = ["common", "organizations", "consumers"] as const;

export type NamedTenant =
  | { readonly kind: "own" }
  | { readonly kind: "shared"; readonly name: (typeof SHARED_NAMES)[number] }
  | { readonly kind: "unknown"; readonly asked: string };

/** The meaning of the first segment of a path, in any letter case. */
export function tenantOf(segment: string | undefined, { id, names }: Tenant): NamedTenant {
  const asked = (segment ?? "").toLowerCase();
  if (asked === id || names.includes(asked)) return { kind: "own" };
  const name = SHARED_NAMES.find((one) => one === asked);
  return name === undefined ? { kind: "unknown", asked } : { kind: "shared", name };
}

/** Finds the tenant by its id, by the host name of the public URL, and by the configured names. */
export function deploymentTenant(id: string, publicUrl: string, configuredNames: readonly string[]): Tenant {
  const hostName = new URL(publicUrl).hostname;
  return { id, names: [...new Set([hostName, ...configuredNames])] };
}

const NAME = /^[a-z0-9][a-z0-9.-]{0,252}$/;

/**
 * The error for an unknown tenant, with the name to use instead. Repeats the text to the client
 * only if it has the form of a name.
 */
export function tenantRefusal(named: Exclude<NamedTenant, { kind: "own" }>, { id }: Tenant): string {
  if (named.kind === "shared") {
    return `"${named.name}" does not say which tenant the application belongs to; use the tenant ${id}`;
  }
  const asked = NAME.test(named.asked) ? `there is no tenant "${named.asked}"` : "there is no such tenant";
  return `${asked} on this server; its tenant is ${id}`;
}
