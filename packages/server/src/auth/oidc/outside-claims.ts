import { isDelegatedPermission, isPermission } from "@halligan/protocol/api";
import { textFault } from "@halligan/protocol/text";
import type { JWTPayload } from "jose";
import { type Caller, idAtIssuer } from "../caller.ts";
import { refuseToken, type TokenRefusal } from "../token-refusal.ts";
import { shownApplicationName, shownUserName } from "./shown-name.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

/** Longest id, in characters, and longest list of groups. Entra leaves groups out beyond 200. */
const MAX_ID_CHARS = 255;
const MAX_GROUPS = 2_000;
/**
 * Names that may be shown and stored: without characters that a terminal or a page would interpret.
 */
const SHOWN = /^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u;

/**
 * The caller of an outside issuer's token. An application's permissions come only from its roles, a
 * user's only from the scopes. Roles of a user and scopes of an application give nothing.
 */
export function callerOf(payload: JWTPayload, trusted: TrustedIssuer): Caller | TokenRefusal {
  const { claims, issuer } = trusted;
  if (isApplication(payload, claims.userName)) {
    const clientId = clientIdOf(payload) ?? idOf(payload.sub);
    if (!trusted.allowApplications || clientId === undefined) return refuseToken("WrongKind");
    const id = idAtIssuer(issuer, clientId);
    const name = shown(payload.app_displayname) ?? shown(clientId) ?? id;
    return {
      kind: "application",
      id,
      clientId: id,
      name: shownApplicationName(name, trusted),
      roles: new Set(textsOf(payload[claims.roles]).filter(isPermission)),
    };
  }
  const scopes = scopesOf(payload[claims.scopes]);
  // Entra's `oid` identifies the same person in every application. The `oid` of another issuer has
  // no defined meaning.
  const subject = idOf(payload.tid === undefined ? undefined : payload.oid) ?? idOf(payload.sub);
  if (!trusted.allowUsers || scopes === null || subject === undefined) return refuseToken("WrongKind");
  const id = idAtIssuer(issuer, subject);
  const clientId = clientIdOf(payload);
  return {
    kind: "user",
    id,
    ...(clientId !== undefined && { clientId: idAtIssuer(issuer, clientId) }),
    name: shownUserName(firstShown(payload, claims.userName) ?? shown(subject) ?? id, trusted),
    scopes: new Set(scopes.filter(isDelegatedPermission)),
    groups: textsOf(payload[claims.groups]).slice(0, MAX_GROUPS),
  };
}

/**
 * Whether the token belongs to an application without a signed-in user: the issuer says so (`idtyp`
 * of Entra, `gty` of Auth0), or the subject is the client itself (RFC 9068 section 2.2), or, in
 * Entra's tokens without `idtyp`, `sub` and `oid` are equal and there is neither scope nor user
 * name.
 */
function isApplication(payload: JWTPayload, userName: readonly string[]): boolean {
  const { idtyp, gty, sub, tid, oid, scp } = payload;
  if (idtyp !== undefined) return idtyp === "app";
  if (gty === "client-credentials") return true;
  if (sub === undefined) return false;
  if (sub === clientIdOf(payload)) return true;
  return tid !== undefined && sub === oid && scp === undefined && userName.every((name) => payload[name] === undefined);
}

const clientIdOf = ({ appid, azp, client_id }: JWTPayload): string | undefined => idOf(appid ?? azp ?? client_id);

/**
 * Text that a store cannot hold is not an id: PostgreSQL refuses NUL, and two different lone
 * surrogates would become the same text.
 */
const idOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= MAX_ID_CHARS && textFault(value) === null
    ? value
    : undefined;

const shown = (value: unknown): string | undefined =>
  typeof value === "string" && SHOWN.test(value) ? value : undefined;

const firstShown = (payload: JWTPayload, names: readonly string[]): string | undefined =>
  names.map((name) => shown(payload[name])).find((value) => value !== undefined);

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

const scopesOf = (value: unknown): readonly string[] | null => {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? textsOf(value) : null;
};
