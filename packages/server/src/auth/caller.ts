import type { DelegatedPermission, Permission } from "@halligan/protocol/api";

/** An application that calls with its own token (`roles` claim). */
export interface ApplicationCaller {
  readonly kind: "application";
  /** The same as `clientId`. */
  readonly id: string;
  /** Id of an application at an outside issuer: bound to that issuer, like a user's `id`. */
  readonly clientId: string;
  /** Display name, shown as `requestor` of an action. `docs/contract/auth.md#claims`. */
  readonly name: string;
  readonly roles: ReadonlySet<Permission>;
  /**
   * The account to which it belongs. Absent when it has an account of its own, like the
   * applications that the first administrator created.
   */
  readonly accountId?: string;
  /**
   * Network address that the request came from. Added by the HTTP layer, not taken from the token.
   */
  readonly address?: string;
}

/**
 * A user of an outside issuer (`scp` claim). Their device groups limit their machine scope further.
 */
export interface UserCaller {
  readonly kind: "user";
  /** {@link idAtIssuer}: two issuers may know the same `oid` or `sub` for different people. */
  readonly id: string;
  /**
   * upn, preferred_username or email, shown as `requestor` of an action. For people; no decision
   * depends on it.
   */
  readonly name: string;
  readonly scopes: ReadonlySet<DelegatedPermission>;
  /**
   * {@link idAtIssuer} of the application that the user signed in to; absent when the token does
   * not name it.
   */
  readonly clientId?: string;
  /** As for an application. */
  readonly address?: string;
  /**
   * Groups as the issuer names them. Empty when the token has none, also if the issuer left them
   * out because they were too many.
   */
  readonly groups: readonly string[];
}

/** The caller, as far as the token names it and the server has checked it. */
export type Caller = ApplicationCaller | UserCaller;

/**
 * The account for which requests are counted and which approves or uploads, however many
 * applications act for it.
 */
export const accountOf = (caller: Caller): string =>
  (caller.kind === "application" ? caller.accountId : undefined) ?? caller.id;

/** Whether the token gives a permission that applications and users have under the same name. */
export const holds = (caller: Caller, permission: Permission & DelegatedPermission): boolean =>
  caller.kind === "application" ? caller.roles.has(permission) : caller.scopes.has(permission);

/**
 * An issuer's URL has no `#` (`trusted-issuer.ts` checks it), so two different pairs of issuer and
 * subject never have the same id.
 */
export const idAtIssuer = (issuer: string, subject: string): string => `${issuer}#${subject}`;
