import type { TrustedIssuer } from "./trusted-issuer.ts";

/** `person@domain`, as a user principal name is. */
const PRINCIPAL = /^[^\s@]+@([^\s@]+)$/;

/**
 * The name under which a caller of an outside issuer stands in actions, library and audit. It is no
 * name of another caller: a principal name whose domain the issuer speaks for stands alone, every
 * other name has the issuer with it. An application of ours has neither form
 * (`domain/identity/application-name.ts`), so an outside "administrator" is not taken for the
 * administrator.
 */
export function shownUserName(name: string, { issuer, userNameDomains }: TrustedIssuer): string {
  const domain = PRINCIPAL.exec(name)?.[1]?.toLowerCase();
  const speaksFor = domain !== undefined && (userNameDomains === "any" || userNameDomains.includes(domain));
  return speaksFor ? name : `${name} (${issuer})`;
}

export const shownApplicationName = (name: string, { issuer }: TrustedIssuer): string => `${name} (${issuer})`;
