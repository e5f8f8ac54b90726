import { readFile } from "node:fs/promises";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { ConfigError } from "./config.ts";

const closed = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 255 });

/**
 * https, or http to this machine itself, because keys from an open network prove nothing. No user
 * name, query or fragment.
 */
const ISSUER = /^(https:\/\/[^/?#@\s]+|http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?)(\/[^?#@\s]*)?$/;

/** In lower case, because names are compared in lower case. */
const DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const IssuerEntry = Type.Object(
  {
    issuer: Type.String({ pattern: ISSUER.source, maxLength: 2_048 }),
    audiences: Type.Array(name, { minItems: 1, maxItems: 32 }),
    /** Never none or HS*. */
    algorithms: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Literal("RS256"),
          Type.Literal("PS256"),
          Type.Literal("ES256"),
          Type.Literal("ES384"),
          Type.Literal("EdDSA"),
        ]),
        { minItems: 1, uniqueItems: true },
      ),
    ),
    tenant: Type.Optional(name),
    keyHosts: Type.Optional(Type.Array(Type.String({ pattern: "^[a-z0-9.-]+(:\\d{1,5})?$" }), { maxItems: 8 })),
    claims: Type.Optional(
      Type.Object(
        {
          userName: Type.Optional(Type.Array(name, { minItems: 1, maxItems: 8 })),
          groups: Type.Optional(name),
          scopes: Type.Optional(Type.Union([Type.Literal("scp"), Type.Literal("scope")])),
          roles: Type.Optional(name),
        },
        closed,
      ),
    ),
    userNameDomains: Type.Optional(
      Type.Array(Type.String({ pattern: DOMAIN.source, maxLength: 255 }), { maxItems: 100, uniqueItems: true }),
    ),
    allowApplications: Type.Optional(Type.Boolean()),
    allowUsers: Type.Optional(Type.Boolean()),
  },
  closed,
);
const IssuersFile = Compile(Type.Array(IssuerEntry, { maxItems: 32 }));

/**
 * One outside issuer with its defaults filled in; `auth/oidc/trusted-issuer.ts` explains each
 * value.
 */
export interface OidcIssuer
  extends Required<Omit<Static<typeof IssuerEntry>, "tenant" | "claims" | "userNameDomains">> {
  tenant: string | undefined;
  userNameDomains: readonly string[] | "any";
  claims: { userName: string[]; groups: string; scopes: "scp" | "scope"; roles: string };
}

/**
 * Reads the file of the setting `HALLIGAN_OIDC_ISSUERS_FILE`. Without the setting no outside issuer
 * is trusted.
 */
export async function readOidcIssuers(file: string | null): Promise<OidcIssuer[]> {
  if (file === null) return [];
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new ConfigError(`HALLIGAN_OIDC_ISSUERS_FILE could not be read: ${reason}`, { cause });
  }
  return parseOidcIssuers(text);
}

/** A JSON array of issuers. Throws ConfigError with the place of the mistake. */
export function parseOidcIssuers(text: string): OidcIssuer[] {
  const refuse = (detail: string, cause?: unknown) =>
    new ConfigError(`HALLIGAN_OIDC_ISSUERS_FILE: ${detail}`, { cause });
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch (cause) {
    throw refuse("it is not JSON", cause);
  }
  if (!IssuersFile.Check(entries)) {
    const [first] = IssuersFile.Errors(entries);
    throw refuse(`${first?.instancePath || "the file"} ${first?.message ?? "has another form"}`);
  }
  // A single issuer of users owns every domain. If there are several, each owns the domains in its
  // configuration.
  const isOnlyOne = entries.filter(({ allowUsers }) => allowUsers).length === 1;
  const issuers = entries.map((entry) => withDefaults(entry, isOnlyOne));
  const domains = issuers.flatMap(({ userNameDomains }) => (userNameDomains === "any" ? [] : userNameDomains));
  const doubled = domains.find((domain, index) => domains.indexOf(domain) !== index);
  if (doubled !== undefined)
    throw refuse(`two issuers have ${doubled} in their userNameDomains; one of them speaks for it`);
  for (const [index, { issuer, allowApplications, allowUsers }] of issuers.entries()) {
    if (!allowApplications && !allowUsers) {
      throw refuse(`/${index} admits no caller: set allowApplications or allowUsers for ${issuer}`);
    }
    if (issuers.findIndex((one) => one.issuer === issuer) !== index) throw refuse(`${issuer} is there twice`);
  }
  return issuers;
}

const withDefaults = ({ claims, ...entry }: Static<typeof IssuerEntry>, isOnlyOne: boolean): OidcIssuer => ({
  algorithms: ["RS256"],
  keyHosts: [],
  allowApplications: false,
  allowUsers: false,
  tenant: undefined,
  userNameDomains: isOnlyOne && entry.allowUsers === true ? "any" : [],
  ...entry,
  claims: {
    userName: ["upn", "preferred_username", "email"],
    groups: "groups",
    scopes: "scp",
    roles: "roles",
    ...claims,
  },
});
