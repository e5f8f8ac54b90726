/** A user principal name, or a name that has its issuer with it: how callers of outside issuers are shown. */
const OUTSIDE_FORM = /^[^\s@]+@[^\s@]+$|\(https?:\/\/[^()]*\)$/i;

/** Why an application of ours may not have a name; null when it may. */
export const applicationNameFault = (name: string): string | null =>
  OUTSIDE_FORM.test(name)
    ? `the name ${name} has the form in which users and applications of outside issuers are shown; choose another one`
    : null;
