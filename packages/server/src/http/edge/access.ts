import type { DelegatedPermission, Permission } from "@halligan/protocol/api";
import type { Caller } from "../../auth/caller.ts";
import { PERMISSION_TABLE, type PermittedOperation } from "../../auth/permissions-table.ts";
import type { LinkTicket } from "../../auth/signatures/link-ticket.ts";
import { isFault, type TokenFaultReason } from "../../auth/token-fault.ts";
import { type ErrorAnswer, refuse } from "./answer.ts";
import type { Incoming } from "./incoming.ts";

/** Who may call an operation. `W`: what the handler then knows of the caller. Checked before any byte of the body is read. */
export interface Access<W> {
  readonly kind: "anonymous" | "ticket" | "permissions";
  /** For applications; any one of them is enough. Empty for the other kinds. */
  readonly permissions: readonly Permission[];
  /** For users; any one of them is enough. Empty for the other kinds, and for what users may not call. */
  readonly delegated: readonly DelegatedPermission[];
  readonly admit: (incoming: Incoming) => Promise<{ readonly who: W } | ErrorAnswer>;
}

const unauthorized = (message: string): ErrorAnswer =>
  refuse(401, "Unauthorized", message, { "www-authenticate": "Bearer" });

/** For what carries its own proof (signed links, the token endpoint) or needs none. */
export const anonymous: Access<object> = {
  kind: "anonymous",
  permissions: [],
  delegated: [],
  admit: async () => ({ who: {} }),
};

/** For agents: `Authorization: Ticket <ticket>`. `protocol/src/link/transfer.ts`. */
export const ticket: Access<{ readonly ticket: LinkTicket }> = {
  kind: "ticket",
  permissions: [],
  delegated: [],
  async admit({ facts, gate }) {
    const given = /^Ticket +([!-~]{1,512})$/i.exec(facts.headers.authorization ?? "")?.[1];
    const known = given === undefined ? null : await gate.verifyTicket(given);
    // Refused before it counts as the machine's: a refusal that waits must not break off a part of the same machine.
    if (known !== null) return gate.machines.count(known.machineId) ?? { who: { ticket: known } };
    const answer = refuse(401, "Unauthorized", "The ticket is missing or not valid", { "www-authenticate": "Ticket" });
    return gate.addresses.countAnonymous(facts.remoteAddress) ?? answer;
  },
};

export interface Permitted {
  readonly caller: Caller;
  /** Looks at the token again, for answers that last: it may have run out or been withdrawn. */
  readonly isStillAdmitted: () => Promise<boolean>;
}

/** For callers whom the table gives the operation. `operation`: its own name. */
export const permitted = (operation: PermittedOperation): Access<Permitted> => {
  const { application, delegated } = PERMISSION_TABLE[operation];
  return withAnyOf(application, delegated);
};

/**
 * 401 for faults of the token only, 403 for missing rights: one client signs in again and repeats
 * for ever while it sees 401 (`docs/contract/clients-in-the-wild.md#tokens`). The 403 names what is
 * missing, as the real one does: `docs/contract/auth.md#responses-401-and-403`.
 */
const withAnyOf = (
  application: readonly Permission[],
  delegated: readonly DelegatedPermission[],
): Access<Permitted> => ({
  kind: "permissions",
  permissions: application,
  delegated,
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
    if (isFault(caller)) {
      const limited = FORGED.has(caller.reason) ? gate.addresses.countForged(remoteAddress) : null;
      return limited ?? unauthorized(caller.message);
    }
    // What the token permits is written in it; only whether it counts can change.
    const isStillAdmitted = async () => !isFault(await gate.verifyToken(token));
    // A copy: the verifier shares one caller between all requests with this token.
    const who = { caller: { ...caller, address: facts.remoteAddress }, isStillAdmitted };
    if (caller.kind === "application") {
      if (application.some((name) => caller.roles.has(name))) return { who };
      return forbidden("The application has none of the required application permissions", application);
    }
    if (delegated.some((name) => caller.scopes.has(name))) return { who };
    return forbidden("The user's token has none of the required delegated permissions", delegated);
  },
});

/** Of other tokens the issuer is right: their client needs the 401 to know that it must sign in again. */
const FORGED: ReadonlySet<TokenFaultReason> = new Set(["Malformed", "UnknownKey", "BadSignature", "WrongIssuer"]);

const forbidden = (message: string, names: readonly string[]): ErrorAnswer =>
  refuse(403, "Forbidden", `${message} (${names.join(", ")})`);
