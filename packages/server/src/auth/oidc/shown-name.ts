import type { TrustedIssuer } from "./trusted-issuer.ts";

/** Matches `person@domain`, the form of a user principal name. */
const PRINCIPAL = /^[^\s@]+@([^\s@]+)$/;

/**
 * The name under which actions, library and audit log show a caller of an outside issuer. It is
 * never the name of another caller: a principal name is shown alone if the issuer owns its domain,
 * and every other name is shown with the issuer. An application of this server has neither form
 * (`domain/identity/application-name.ts`), so an outside "administrator" is not mistaken for the
 * administrator.
 */
export function shownUserName(name: string, { issuer, userNameDomains }: TrustedIssuer): string {
  const domain = PRINCIPAL.exec(name)?.[1]?.toLowerCase();
  const speaksFor = domain !== undefined && (userNameDomains === "any" || userNameDomains.includes(domain));
  return speaksFor ? name : `${name} (${issuer})`;
}

export const shownApplicationName = (name: string, { issuer }: TrustedIssuer): string => `${name} (${issuer})`;
