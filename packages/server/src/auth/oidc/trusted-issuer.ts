import type { SignatureAlgorithm } from "../verification-key.ts";

/** Names of the claims in an issuer's access tokens. Defaults are those of Entra. */
export interface ClaimNames {
  /**
   * The first of these claims in the token is the user's name. Default upn, preferred_username,
   * email.
   */
  readonly userName: readonly string[];
  /** An array of texts. Default `groups`. */
  readonly groups: string;
  /** Delegated permissions of a user, space-separated or an array. Default `scp`. */
  readonly scopes: "scp" | "scope";
  /** Application permissions, an array of texts. Default `roles`. */
  readonly roles: string;
}

/**
 * An outside issuer whose tokens are accepted, as configured in the file of
 * `HALLIGAN_OIDC_ISSUERS_FILE`.
 */
export interface TrustedIssuer {
  /** `iss` of its tokens, compared exactly. Its discovery document is found under this URL. */
  readonly issuer: string;
  /**
   * `aud` of its tokens for this server; any one of them. Must not be the id of an application that
   * users sign in to.
   */
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Required `tid` of its tokens. */
  readonly tenant?: string | undefined;
  /** Hosts, `name` or `name:port`, that may serve its keys in addition to its own. */
  readonly keyHosts: readonly string[];
  readonly claims: ClaimNames;
  /** Domains whose principal names belong to this issuer. Other names are shown with the issuer. */
  readonly userNameDomains: readonly string[] | "any";
  readonly allowApplications: boolean;
  readonly allowUsers: boolean;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * https, or http to this machine itself; no user names, queries or fragments. Null for every other
 * text.
 */
export function contactableUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== "" || url.password !== "" || /[?#]/.test(text)) return null;
  return url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname)) ? url : null;
}

/**
 * Throws for an issuer that must not be asked for keys, so that a wrong setting stops the server at
 * its start.
 */
export function discoveryUrl(issuer: string): URL {
  const url = contactableUrl(issuer);
  // The text that is compared with `iss` must be exactly the URL that is contacted: no dots,
  // default ports or capitals.
  if (url === null || (url.href !== issuer && url.href !== `${issuer}/`)) {
    throw new Error(`the outside issuer ${issuer} must be an https URL (http on loopback only), in its plain spelling`);
  }
  return new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
}

/**
 * The URL of its keys, if that is on its own origin or on a configured host. Other hosts are not
 * contacted.
 */
export function keysUrl({ issuer, keyHosts }: Pick<TrustedIssuer, "issuer" | "keyHosts">, jwksUri: string): URL | null {
  const url = contactableUrl(jwksUri);
  const own = new URL(issuer);
  if (url === null || url.protocol !== own.protocol) return null;
  return url.host === own.host || keyHosts.includes(url.host) ? url : null;
}
