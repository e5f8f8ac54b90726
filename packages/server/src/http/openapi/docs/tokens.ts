import { TokenWire } from "@halligan/protocol/api";
import { type TObject, type TProperties, Type } from "typebox";
import { ASSERTION_TYPE } from "../../../auth/tokens/client-assertion.ts";
import { TokenV1Wire } from "../components.ts";
import { json, type OperationDoc, type ParameterDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";

export const AUDIENCE = "https://api.securitycenter.microsoft.com";

const tenantParameter: ParameterDoc = {
  description: "The tenant of this server; GetInfo tells it.",
  schema: Type.String(),
  example: SAMPLE.tenant,
};

/** Other fields are not looked at. `audience`: the field by which the version names what the token is for. */
const tokenForm = (audience: TProperties): TObject =>
  Type.Object({
    grant_type: Type.Literal("client_credentials"),
    client_id: Type.Optional(Type.String()),
    client_secret: Type.Optional(Type.String()),
    client_assertion_type: Type.Optional(Type.Literal(ASSERTION_TYPE)),
    client_assertion: Type.Optional(Type.String()),
    ...audience,
  });

const exampleClient = {
  grant_type: "client_credentials",
  client_id: SAMPLE.clientId,
  client_secret: SAMPLE.clientSecret,
};

const description =
  "Either `client_id` with `client_secret`, or `client_assertion_type` with `client_assertion`, a JWT signed with the application's key " +
  "(`private_key_jwt`). The token carries the application's permissions as `roles`.";

const refusals = {
  400: "`invalid_request`, `unsupported_grant_type`, `invalid_scope` or `invalid_resource`.",
  401: "`invalid_client`: the client or its proof is wrong.",
  429: "`temporarily_unavailable`: too many requests of the address, or too many failures of the address or the client. `Retry-After` says how long to wait.",
} as const;

const token = {
  token_type: "Bearer",
  expires_in: 3599,
  ext_expires_in: 3599,
  access_token: "eyJ0eXAiOiJKV1Qi.e30.c2ln",
};

export const tokenDocs = {
  TokenV1: {
    tag: "Tokens",
    summary: "Get a token, v1",
    description: `${description} \`resource\` names the API; numbers come as text.`,
    path: { tenant: tenantParameter },
    body: {
      "application/x-www-form-urlencoded": {
        schema: tokenForm({ resource: Type.String() }),
        example: { ...exampleClient, resource: AUDIENCE },
      },
    },
    answers: {
      200: json("The token.", TokenV1Wire, {
        token_type: "Bearer",
        expires_in: "3599",
        ext_expires_in: "3599",
        expires_on: "1795266000",
        not_before: "1795262401",
        resource: AUDIENCE,
        access_token: token.access_token,
      }),
    },
    refusals,
  },
  TokenV2: {
    tag: "Tokens",
    summary: "Get a token, v2",
    description: `${description} \`scope\` names the API, followed by \`/.default\`; numbers come as numbers.`,
    path: { tenant: tenantParameter },
    body: {
      "application/x-www-form-urlencoded": {
        schema: tokenForm({ scope: Type.Optional(Type.String()), resource: Type.Optional(Type.String()) }),
        example: { ...exampleClient, scope: `${AUDIENCE}/.default` },
      },
    },
    answers: { 200: json("The token.", TokenWire, token) },
    refusals,
  },
} as const satisfies Record<string, OperationDoc>;
