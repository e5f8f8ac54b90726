/** Halligan's own interface: applications and their secrets. */
import { type Static, Type } from "typebox";
import { NAME_PATTERN } from "../text/name-fault.ts";

const closed = { additionalProperties: false } as const;

const secretLifetime = Type.Integer({ minimum: 1, maximum: 315_360_000 });

/** `POST /halligan/v1/applications` */
export const CreateApplicationRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120, pattern: NAME_PATTERN }),
    /** Names of `PERMISSIONS`. */
    roles: Type.Array(Type.String(), { minItems: 1, maxItems: 64, uniqueItems: true }),
    /**
     * Public keys (JWK) with which it signs its token requests: private_key_jwt. It then gets no
     * secret.
     */
    keys: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 10 })),
    /** When its secret ends, at most ten years from now. Default never. */
    secretExpiresInSeconds: Type.Optional(secretLifetime),
  },
  closed,
);
export type CreateApplicationRequest = Static<typeof CreateApplicationRequest>;

/** A secret without its value, which only the application has. */
export const ApplicationSecretWire = Type.Object({
  id: Type.String(),
  createdAt: Type.String(),
  /** Null for one without an end. */
  expiresAt: Type.Union([Type.String(), Type.Null()]),
  /** False when it has expired. */
  isUsable: Type.Boolean(),
});
export type ApplicationSecretWire = Static<typeof ApplicationSecretWire>;

/** `POST /halligan/v1/applications/{clientId}/secrets` */
export const AddApplicationSecretRequest = Type.Object({ expiresInSeconds: Type.Optional(secretLifetime) }, closed);
export type AddApplicationSecretRequest = Static<typeof AddApplicationSecretRequest>;

/** The value is shown this once and stored only as a hash. */
export const NewApplicationSecretWire = Type.Object({
  ...ApplicationSecretWire.properties,
  clientSecret: Type.String(),
});
export type NewApplicationSecretWire = Static<typeof NewApplicationSecretWire>;

export const ApplicationWire = Type.Object({
  clientId: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String()),
  /** Whether it may sign in with a secret. */
  hasSecret: Type.Boolean(),
  /** Oldest first, expired ones too. Not there before 0.2. */
  secrets: Type.Optional(Type.Array(ApplicationSecretWire)),
  /** `kid` of each of its keys. */
  keyIds: Type.Array(Type.String()),
  createdAt: Type.String(),
  /**
   * Id of the account that made it and stands for it; null when it stands for itself. Not there
   * before 0.2.
   */
  ownerId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type ApplicationWire = Static<typeof ApplicationWire>;

/** The secret is shown this once and stored only as a hash. Null for an application with keys. */
export const NewApplicationWire = Type.Object({
  ...ApplicationWire.properties,
  clientSecret: Type.Union([Type.String(), Type.Null()]),
});
export type NewApplicationWire = Static<typeof NewApplicationWire>;

/** `GET /halligan/v1/applications` */
export const ApplicationListWire = Type.Object({ value: Type.Array(ApplicationWire) });
export type ApplicationListWire = Static<typeof ApplicationListWire>;
