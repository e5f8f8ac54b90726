/**
 * Matches user principal names and names that contain an issuer, because callers of outside issuers
 * are shown in these forms.
 */
const OUTSIDE_FORM = /^[^\s@]+@[^\s@]+$|\(https?:\/\/[^()]*\)$/i;

/** Why an application of this server may not have the name; null when it may. */
export const applicationNameFault = (name: string): string | null =>
  OUTSIDE_FORM.test(name)
    ? `the name ${name} has the form in which users and applications of outside issuers are shown; choose another one`
    : null;
