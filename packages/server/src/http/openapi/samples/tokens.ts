import type { TokenWire } from "@halligan/protocol/api";
import { type TObject, type TProperties, Type } from "typebox";
import { ASSERTION_TYPE } from "../../../auth/tokens/client-assertion.ts";
import { SAMPLE } from "./values.ts";

/**
 * Other fields are not looked at. `audience`: the field by which the version names what the token
 * is for.
 */
export const tokenForm = (audience: TProperties): TObject =>
  Type.Object({
    grant_type: Type.Literal("client_credentials"),
    client_id: Type.Optional(Type.String()),
    client_secret: Type.Optional(Type.String()),
    client_assertion_type: Type.Optional(Type.Literal(ASSERTION_TYPE)),
    client_assertion: Type.Optional(Type.String()),
    ...audience,
  });

export const sampleClient = {
  grant_type: "client_credentials",
  client_id: SAMPLE.clientId,
  client_secret: SAMPLE.clientSecret,
};

export const TOKEN_DESCRIPTION =
  "Either `client_id` with `client_secret`, or `client_assertion_type` with `client_assertion`, a JWT signed with the application's key " +
  "(`private_key_jwt`). The token carries the application's permissions as `roles`.";

export const sampleToken = {
  token_type: "Bearer",
  expires_in: 3599,
  ext_expires_in: 3599,
  access_token: "eyJ0eXAiOiJKV1Qi.e30.c2ln",
} satisfies TokenWire;
