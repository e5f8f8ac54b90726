/**
 * Why a token is refused. All reasons are 401 `Unauthorized` on the wire; the reason is in the
 * message and in the log.
 */
export type TokenRefusalReason =
  | "Malformed"
  | "UnknownKey"
  | "BadSignature"
  | "WrongIssuer"
  | "WrongAudience"
  | "NotYetValid"
  | "Expired"
  | "TooLong"
  | "Revoked"
  | "WrongKind"
  | "IssuerUnreachable";

export interface TokenRefusal {
  readonly kind: "refused";
  readonly reason: TokenRefusalReason;
  /** A sentence for the client. Reveals no internals. */
  readonly message: string;
}

const MESSAGES: Record<TokenRefusalReason, string> = {
  Malformed: "The access token is malformed.",
  UnknownKey: "The access token was not signed by its issuer.",
  BadSignature: "The access token was not signed by its issuer.",
  WrongIssuer: "The access token was issued by somebody else.",
  WrongAudience: "The access token was issued for another audience.",
  NotYetValid: "The access token is not valid yet.",
  Expired: "The access token has expired.",
  TooLong: "The access token expires later than is accepted.",
  Revoked: "The access token was revoked.",
  WrongKind: "The token is not an access token of a kind that is accepted from its issuer.",
  IssuerUnreachable: "The keys of the access token's issuer cannot be fetched at present.",
};

export const refuseToken = (reason: TokenRefusalReason): TokenRefusal => ({
  kind: "refused",
  reason,
  message: MESSAGES[reason],
});
