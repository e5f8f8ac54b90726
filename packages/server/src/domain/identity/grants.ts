import type { DelegatedPermission, Permission } from "@halligan/protocol/api";

/** Maps a user's delegated permission to the application permission that corresponds to it. */
const AS_APPLICATION: Readonly<Partial<Record<DelegatedPermission, Permission>>> = {
  "Machine.Read": "Machine.Read.All",
  "Machine.ReadWrite": "Machine.ReadWrite.All",
};

/**
 * `held`: a caller can only grant permissions that it has. `any`: `Halligan.Admin` grants every
 * permission.
 */
export type GrantRule = "held" | "any";

export type Grantor =
  | { readonly kind: "application"; readonly roles: ReadonlySet<Permission> }
  | { readonly kind: "user"; readonly scopes: ReadonlySet<DelegatedPermission> };

/**
 * The permissions that the grantor may not grant. A new secret for an application grants all of its
 * permissions, because its holder can sign in as the application.
 */
export function grantFault(rule: GrantRule, grantor: Grantor, permissions: readonly Permission[]): Permission[] {
  if (rule === "any") return [];
  const held: ReadonlySet<string> =
    grantor.kind === "application"
      ? grantor.roles
      : new Set([...grantor.scopes].map((scope) => AS_APPLICATION[scope] ?? scope));
  return permissions.filter((permission) => !held.has(permission));
}
