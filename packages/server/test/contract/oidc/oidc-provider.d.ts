/** The types of `oidc-provider` that the tests use, because the package has no types. */
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  export interface ResourceServerInfo {
    readonly scope: string;
    readonly audience: string;
    readonly accessTokenFormat: "jwt";
    readonly jwt: { readonly sign: { readonly alg: string } };
  }
  export interface Client {
    readonly clientId: string;
  }
  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    readonly Client: { find(id: string): Promise<Client | undefined> };
    readonly ResourceServer: new (
      identifier: string,
      info: ResourceServerInfo,
    ) => object;
    readonly AccessToken: new (input: {
      readonly accountId: string;
      readonly client: Client;
      readonly scope: string;
      readonly grantId: string;
    }) => { resourceServer: object; save(): Promise<string> };
    readonly IdToken: new (
      claims: object,
      context: { readonly client: Client },
    ) => { scope: string; issue(options: { readonly use: "idtoken"; readonly expiresAt: number }): Promise<string> };
  }
}
