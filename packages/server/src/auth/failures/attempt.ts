/** What was shown as proof: a secret, a signed assertion, an enrollment token, an access token. */
export type CredentialKind = "secret" | "assertion" | "enrollmentToken" | "accessToken";

/** One attempt to authenticate. */
export interface Attempt {
  readonly kind: CredentialKind;
  readonly address: string;
  /** Client id as it was sent; null where the credential names none. */
  readonly account: string | null;
  readonly credential: string;
}
