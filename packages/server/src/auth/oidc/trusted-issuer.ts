import type { SignatureAlgorithm } from "../verification-key.ts";

/** Where an issuer's access tokens say what. Defaults are those of Entra. */
export interface ClaimNames {
  /** The first one that the token has is the user's name. Default upn, preferred_username, email. */
  readonly userName: readonly string[];
  /** An array of texts. Default `groups`. */
  readonly groups: string;
  /** Delegated permissions of a user, space-separated or an array. Default `scp`. */
  readonly scopes: "scp" | "scope";
  /** Application permissions, an array of texts. Default `roles`. */
  readonly roles: string;
}

/** An outside issuer whose tokens are accepted: what the setting `HALLIGAN_OIDC_ISSUERS_FILE` says of it. */
export interface TrustedIssuer {
  /** `iss` of its tokens, to the letter, and where its discovery document is found. */
  readonly issuer: string;
  /** `aud` that its tokens for this server have; any one of them. Not the id of an application that users sign in to. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  /** `tid` that its tokens must have. */
  readonly tenant?: string | undefined;
  /** Hosts, `name` or `name:port`, that its keys may be on besides its own. */
  readonly keyHosts: readonly string[];
  readonly claims: ClaimNames;
  /** Domains of principal names for which the issuer speaks; names of others are shown with the issuer. */
  readonly userNameDomains: readonly string[] | "any";
  readonly allowApplications: boolean;
  readonly allowUsers: boolean;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** https, or http to this very machine; no user names, queries or fragments. Null for every other text. */
export function contactableUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== "" || url.password !== "" || /[?#]/.test(text)) return null;
  return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname)) ? url : null;
}

/** Throws for an issuer that must not be asked for keys, so that a wrong setting stops the server at its start. */
export function discoveryUrl(issuer: string): URL {
  const url = contactableUrl(issuer);
  // The text that is compared with `iss` must be the place that is asked: no dots, default ports or capitals in between.
  if (url === null || (url.href !== issuer && url.href !== `${issuer}/`)) {
    throw new Error(`the outside issuer ${issuer} must be an https URL (http on loopback only), in its plain spelling`);
  }
  return new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
}

/** Where its keys are, when that is its own origin or a host that was configured; anything else is not contacted. */
export function keysUrl({ issuer, keyHosts }: Pick<TrustedIssuer, "issuer" | "keyHosts">, jwksUri: string): URL | null {
  const url = contactableUrl(jwksUri);
  const own = new URL(issuer);
  if (url === null || url.protocol !== own.protocol) return null;
  return url.host === own.host || keyHosts.includes(url.host) ? url : null;
}
