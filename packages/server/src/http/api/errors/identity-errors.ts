import type { WireErrors } from "./wire-error.ts";

/** Refusals about applications, permissions and enrollment. */
export const IDENTITY_ERRORS = {
  ApplicationNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Application ${e.clientId} was not found`,
  },
  ApplicationInUse: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Application ${e.clientId} asks for this itself and cannot remove itself; another administrator can`,
  },
  ApplicationSecretInUse: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Secret ${e.secretId} is the last one with which application ${e.clientId} signs in, and it asks for this itself; add another one first`,
  },
  ApplicationHasNoKey: {
    status: 400,
    code: "BadRequest",
    message: (e) =>
      `Application ${e.clientId} has no key and could not sign in without its secret; create one with keys and remove this one`,
  },
  ApplicationHasKeys: {
    status: 400,
    code: "BadRequest",
    message: (e) => `Application ${e.clientId} signs its token requests with keys and takes no secret`,
  },
  ApplicationSecretNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Application ${e.clientId} has no secret ${e.secretId}`,
  },
  TooManySecrets: {
    status: 400,
    code: "BadRequest",
    message: (e) => `An application may have ${e.limit} secrets; remove one that is no longer used`,
  },
  GrantNotHeld: {
    status: 403,
    code: "Forbidden",
    message: (e) => `A caller grants only permissions that it has itself; this one lacks ${e.permissions.join(", ")}`,
  },
  EnrollmentTokenNotFound: {
    status: 404,
    code: "ResourceNotFound",
    message: (e) => `Enrollment token ${e.tokenId} was not found`,
  },
  EnrollmentRefused: { status: 403, code: "Forbidden", message: (e) => `Enrollment refused: ${e.detail}` },
} satisfies Partial<WireErrors>;
