import type { DelegatedPermission, Permission } from "@halligan/protocol/api";
import type { Caller } from "../../auth/caller.ts";
import type { LinkTicket } from "../../auth/signatures/link-ticket.ts";
import type { TokenRefusalReason } from "../../auth/token-refusal.ts";
import type { HttpRequest } from "./http-request.ts";
import { type ErrorResponse, httpError } from "./http-response.ts";

/**
 * What a user needs in addition to the scope of the token. The use case checks it, because it
 * depends on the machine.
 */
export type UserRight = "device group of the machine";

/** Who may call an operation: any one of the permissions is enough. */
export interface PermissionRule {
  /** For applications (`roles`). */
  readonly application: readonly [Permission, ...Permission[]];
  /** For users (`scp`). */
  readonly delegated: readonly [DelegatedPermission, ...DelegatedPermission[]];
  readonly needsUserRight?: UserRight;
}

export type AccessRule =
  | { readonly kind: "anonymous" }
  | { readonly kind: "ticket" }
  | ({ readonly kind: "permissions" } & PermissionRule);

/** A request whose operation asks for no credential. */
export interface AnonymousCaller {
  readonly kind: "anonymous";
}

export interface TicketHolder {
  readonly kind: "ticket";
  readonly ticket: LinkTicket;
}

export interface PermittedCaller {
  readonly kind: "permissions";
  readonly caller: Caller;
  /** Checks the token again during a long response: it may have expired or been revoked. */
  readonly isStillAdmitted: () => Promise<boolean>;
}

/** Who was admitted, by the kind of access. */
export type Admitted = AnonymousCaller | TicketHolder | PermittedCaller;

/**
 * Who may call an operation. `Who`: what its handler knows of the caller. Checked before any byte
 * of the body is read.
 */
export type Access<Who extends Admitted> = AccessRule & {
  readonly admit: (request: HttpRequest) => Promise<{ readonly kind: "admitted"; readonly who: Who } | ErrorResponse>;
};

const unauthorized = (message: string): ErrorResponse =>
  httpError(401, "Unauthorized", message, { "www-authenticate": "Bearer" });

/** For what carries its own proof (signed links, the token endpoint) or needs none. */
export const anonymous: Access<AnonymousCaller> = {
  kind: "anonymous",
  admit: async () => ({ kind: "admitted", who: { kind: "anonymous" } }),
};

/** For agents: `Authorization: Ticket <ticket>`. `protocol/src/link/transfer.ts`. */
export const ticket: Access<TicketHolder> = {
  kind: "ticket",
  async admit({ facts, gate }) {
    const given = /^Ticket +([!-~]{1,512})$/i.exec(facts.headers.authorization ?? "")?.[1];
    const signed = given === undefined ? null : gate.readTicket(given);
    // Counted before the store is read. Refused before it counts against the machine's open
    // requests: a delayed refusal must not abort an upload of the same machine.
    const limited = signed && gate.machines.count(signed.machineId);
    if (limited) return limited;
    if (signed && (await gate.isCurrentTicket(signed))) {
      return { kind: "admitted", who: { kind: "ticket", ticket: signed } };
    }
    const unauthenticated = httpError(401, "Unauthorized", "The ticket is missing or not valid", {
      "www-authenticate": "Ticket",
    });
    return gate.addresses.countAnonymous(facts.remoteAddress) ?? unauthenticated;
  },
};

/**
 * For applications and users with one of the permissions of the rule. 401 for errors of the token
 * only, 403 for missing rights: while it gets 401, one client signs in and repeats indefinitely
 * (`docs/contract/clients-in-the-wild.md#tokens`). The 403 names the missing permission, as the
 * original service does: `docs/contract/auth.md#responses-401-and-403`.
 */
export const permitted = (rule: PermissionRule): Access<PermittedCaller> => ({
  kind: "permissions",
  ...rule,
  async admit({ facts, gate }) {
    const { authorization } = facts.headers;
    const { remoteAddress } = facts;
    if (authorization === undefined) {
      return gate.addresses.countAnonymous(remoteAddress) ?? unauthorized("The Authorization header is missing");
    }
    const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      return gate.addresses.countForged(remoteAddress) ?? unauthorized("The Authorization header is malformed");
    }
    const caller = await gate.verifyToken(token);
    if (caller.kind === "refused") {
      const limited = FORGED.has(caller.reason) ? gate.addresses.countForged(remoteAddress) : null;
      return limited ?? unauthorized(caller.message);
    }
    // The permissions of a token are part of it. Only its validity can change.
    const isStillAdmitted = async () => (await gate.verifyToken(token)).kind !== "refused";
    // A copy: the verifier shares one caller between all requests with this token.
    const who = { kind: "permissions", caller: { ...caller, address: facts.remoteAddress }, isStillAdmitted } as const;
    return permissionRefusal(rule, caller) ?? { kind: "admitted", who };
  },
});

/**
 * Null when the caller has one of the permissions of the rule, else a 403 that names them. Also for
 * operations in which an option of the request needs a permission of its own.
 */
export function permissionRefusal({ application, delegated }: PermissionRule, caller: Caller): ErrorResponse | null {
  if (caller.kind === "application") {
    if (application.some((name) => caller.roles.has(name))) return null;
    return forbidden("The application has none of the required application permissions", application);
  }
  if (delegated.some((name) => caller.scopes.has(name))) return null;
  return forbidden("The user's token has none of the required delegated permissions", delegated);
}

/**
 * Tokens refused for another reason have a valid issuer. Their client needs the 401 to know that it
 * must sign in again.
 */
const FORGED: ReadonlySet<TokenRefusalReason> = new Set(["Malformed", "UnknownKey", "BadSignature", "WrongIssuer"]);

const forbidden = (message: string, names: readonly string[]): ErrorResponse =>
  httpError(403, "Forbidden", `${message} (${names.join(", ")})`);
