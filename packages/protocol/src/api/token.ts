import { type Static, Type } from "typebox";

/** Answer of both token endpoints. v1 gives the numbers as strings, v2 as numbers. `contract/auth.md` section 1. */
export const TokenWire = Type.Object({
  token_type: Type.Literal("Bearer"),
  expires_in: Type.Union([Type.Integer(), Type.String()]),
  ext_expires_in: Type.Union([Type.Integer(), Type.String()]),
  access_token: Type.String(),
});
export type TokenWire = Static<typeof TokenWire>;

/** Failure of a token endpoint; other than the API's errors, as OAuth has it. */
export const TokenErrorWire = Type.Object({ error: Type.String(), error_description: Type.String() });
export type TokenErrorWire = Static<typeof TokenErrorWire>;
