/** The kind of credential: a secret, a signed assertion, an enrollment token, an access token. */
export type CredentialKind = "secret" | "assertion" | "enrollmentToken" | "accessToken";

/** One attempt to authenticate. */
export interface Attempt {
  readonly kind: CredentialKind;
  readonly address: string;
  /** Client id as it was sent; null when the credential contains none. */
  readonly account: string | null;
  readonly credential: string;
}
