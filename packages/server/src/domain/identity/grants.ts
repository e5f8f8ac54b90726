import type { DelegatedPermission, Permission } from "@halligan/protocol/api";

/** What a user's delegated permission is called where an application has it. */
const AS_APPLICATION: Readonly<Partial<Record<DelegatedPermission, Permission>>> = {
  "Machine.Read": "Machine.Read.All",
  "Machine.ReadWrite": "Machine.ReadWrite.All",
};

/** `held`: who grants permissions must hold them. `any`: `Halligan.Admin` grants every permission. */
export type GrantRule = "held" | "any";

export type Grantor =
  | { readonly kind: "application"; readonly roles: ReadonlySet<Permission> }
  | { readonly kind: "user"; readonly scopes: ReadonlySet<DelegatedPermission> };

/**
 * The permissions that the grantor may not hand on. Whoever can sign in as an application holds what
 * it holds, so a new secret for it is a grant of all its permissions.
 */
export function grantFault(rule: GrantRule, grantor: Grantor, permissions: readonly Permission[]): Permission[] {
  if (rule === "any") return [];
  const held: ReadonlySet<string> =
    grantor.kind === "application"
      ? grantor.roles
      : new Set([...grantor.scopes].map((scope) => AS_APPLICATION[scope] ?? scope));
  return permissions.filter((permission) => !held.has(permission));
}
