import type { DelegatedPermission, Permission } from "@halligan/protocol/api";

/** An application that calls with its own token (`roles` claim). */
export interface ApplicationCaller {
  readonly kind: "application";
  /** The same as `clientId`. */
  readonly id: string;
  /** Of an application that an outside issuer knows: bound to that issuer, as a user's `id` is. */
  readonly clientId: string;
  /** Display name: what `requestor` of an action shows. `docs/contract/auth.md#claims`. */
  readonly name: string;
  readonly roles: ReadonlySet<Permission>;
  /**
   * The account that made it and stands for it. Absent when it stands for itself, as those do that
   * the first administrator made.
   */
  readonly accountId?: string;
  /** Network address that the request came from; the edge adds it, a token does not say it. */
  readonly address?: string;
}

/** A user of an outside issuer (`scp` claim). What they may reach is cut further, by their device groups. */
export interface UserCaller {
  readonly kind: "user";
  /** {@link idAtIssuer}: two issuers may know the same `oid` or `sub` for different people. */
  readonly id: string;
  /** upn, preferred_username or email: what `requestor` of an action shows. For people; it decides nothing. */
  readonly name: string;
  readonly scopes: ReadonlySet<DelegatedPermission>;
  /**
   * {@link idAtIssuer} of the application that the user signed in to; absent when the token does
   * not say.
   */
  readonly clientId?: string;
  /** As for an application. */
  readonly address?: string;
  /** As the issuer names them. Empty when the token has none, also when the issuer left them out because they were too many. */
  readonly groups: readonly string[];
}

/** Who is calling, as far as the token says and the server checked. */
export type Caller = ApplicationCaller | UserCaller;

/** Whom requests are counted for, and who approves or uploads, however many applications act for them. */
export const accountOf = (caller: Caller): string =>
  (caller.kind === "application" ? caller.accountId : undefined) ?? caller.id;

/** Whether the token gives a permission that applications and users have under one name. */
export const holds = (caller: Caller, permission: Permission & DelegatedPermission): boolean =>
  caller.kind === "application" ? caller.roles.has(permission) : caller.scopes.has(permission);

/** An issuer's URL has no `#` (`trusted-issuer.ts` sees to that), so no issuer and subject make the id of another pair. */
export const idAtIssuer = (issuer: string, subject: string): string => `${issuer}#${subject}`;
