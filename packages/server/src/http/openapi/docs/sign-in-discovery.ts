import { InstanceDiscoveryWire, OpenIdConfigurationWire, TokenKeysWire, UserRealmWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { json, type OperationDoc, type ParameterDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";

const tenant: ParameterDoc = {
  description: "The tenant by its id or one of its names; `common`, `organizations` and `consumers` are answered too.",
  schema: Type.String(),
  example: SAMPLE.tenant,
};
const refusals = { 400: "`invalid_tenant`: there is no such tenant; the message names the one that is." } as const;

const configuration = (version: string): OperationDoc => ({
  tag: "Tokens",
  summary: `Find the endpoints, ${version}`,
  description: "OpenID Connect discovery, for libraries that know an authority only.",
  path: { tenant },
  answers: { 200: json("The configuration.", OpenIdConfigurationWire) },
  refusals,
});

const keys = (version: string): OperationDoc => ({
  tag: "Tokens",
  summary: `Get the keys of tokens, ${version}`,
  description: "Public keys of all tokens that are accepted, also those of a rotation under way.",
  path: { tenant },
  answers: { 200: json("The keys.", TokenKeysWire) },
  refusals,
});

export const signInDiscoveryDocs = {
  OpenIdConfigurationV1: configuration("v1"),
  OpenIdConfigurationV2: configuration("v2"),
  TokenKeysV1: keys("v1"),
  TokenKeysV2: keys("v2"),
  DiscoverInstance: {
    tag: "Tokens",
    summary: "Discover the instance",
    description: "Whether a host belongs to this server, and where its tenant's configuration is.",
    query: {
      authorization_endpoint: {
        description: "Where the library would send a user. Its host must be that of the server's public URL.",
        schema: Type.String(),
        required: true,
        example: SAMPLE.authorizationEndpoint,
      },
      "api-version": { description: "`1.0` or `1.1`.", schema: Type.String(), example: "1.1" },
    },
    answers: { 200: json("The instance.", InstanceDiscoveryWire) },
    refusals: { 400: "`invalid_request`, `invalid_instance` or `invalid_tenant`." },
  },
  GetUserRealm: {
    tag: "Tokens",
    summary: "Find a user's realm",
    description:
      "Asked by libraries before they send a user's password, a grant that the token endpoints refuse by name.",
    path: { user: { description: "The user's name.", schema: Type.String(), example: "analyst@soc.example" } },
    answers: {
      200: json("The realm.", UserRealmWire, {
        ver: "1.0",
        account_type: "Managed",
        domain_name: "soc.example",
        cloud_instance_name: "127.0.0.1:8780",
      }),
    },
  },
} as const satisfies Record<string, OperationDoc>;
