/** The one tenant of a deployment, as paths of the token endpoints name it. */
export interface Tenant {
  /** GUID. Stands in issuers, in `tid` and in the URLs that the server gives out. */
  readonly id: string;
  /** Domain names in lower case that stand for the id in a path. */
  readonly names: readonly string[];
}

/**
 * Names with which Entra lets a client leave its tenant open; an application's token always belongs
 * to one tenant.
 */
const SHARED_NAMES = ["common", "organizations", "consumers"] as const;

export type NamedTenant =
  | { readonly kind: "own" }
  | { readonly kind: "shared"; readonly name: (typeof SHARED_NAMES)[number] }
  | { readonly kind: "unknown"; readonly asked: string };

/** What the first segment of a path means, in any letter case. */
export function tenantOf(segment: string | undefined, { id, names }: Tenant): NamedTenant {
  const asked = (segment ?? "").toLowerCase();
  if (asked === id || names.includes(asked)) return { kind: "own" };
  const name = SHARED_NAMES.find((one) => one === asked);
  return name === undefined ? { kind: "unknown", asked } : { kind: "shared", name };
}

/**
 * The tenant by its id, by the host name of the public URL, and by the names that the settings add.
 */
export function deploymentTenant(id: string, publicUrl: string, configuredNames: readonly string[]): Tenant {
  const hostName = new URL(publicUrl).hostname;
  return { id, names: [...new Set([hostName, ...configuredNames])] };
}

const NAME = /^[a-z0-9][a-z0-9.-]{0,252}$/;

/**
 * Why there is nothing under this name, and which one to use. Only what looks like a name is
 * repeated to the client.
 */
export function tenantRefusal(named: Exclude<NamedTenant, { kind: "own" }>, { id }: Tenant): string {
  if (named.kind === "shared") {
    return `"${named.name}" does not say which tenant the application belongs to; use the tenant ${id}`;
  }
  const asked = NAME.test(named.asked) ? `there is no tenant "${named.asked}"` : "there is no such tenant";
  return `${asked} on this server; its tenant is ${id}`;
}
