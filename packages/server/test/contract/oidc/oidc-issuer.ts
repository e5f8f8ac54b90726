import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type Client, Provider, type ResourceServerInfo } from "oidc-provider";

const SECRET = "a-secret-of-this-test-only";
const ALG = "ES256";

/**
 * A real issuer, `oidc-provider`, on loopback. After a stop and a start it has other keys under
 * other names, on the same port.
 */
export class OidcIssuer {
  readonly #info: ResourceServerInfo;
  #server: Server | null = null;
  #provider: Provider | null = null;
  #port = 0;
  #started = 0;

  constructor(audience: string) {
    this.#info = { scope: "", audience, accessTokenFormat: "jwt", jwt: { sign: { alg: ALG } } };
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer().listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.#port = address.port;
    this.#started += 1;
    this.#provider = this.#newProvider(`key-${this.#started}`);
    server.on("request", this.#provider.callback());
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  /** A token from its token endpoint, as a playbook requests it. */
  async applicationToken(): Promise<string> {
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "soar",
      client_secret: SECRET,
      resource: this.#info.audience,
    });
    // No connection may outlive a stop.
    const headers = { connection: "close" };
    const response = await fetch(`${this.issuer}/token`, { method: "POST", headers, body });
    const answer: unknown = await response.json();
    if (typeof answer !== "object" || answer === null || !("access_token" in answer)) {
      throw new Error(`the issuer answered ${JSON.stringify(answer)}`);
    }
    return String(answer.access_token);
  }

  /** A token as after a sign-in. The pages of the sign-in itself are skipped. */
  async userToken(accountId: string, scope: string): Promise<string> {
    const { provider, client } = await this.#parts();
    const token = new provider.AccessToken({ accountId, client, scope, grantId: "g" });
    token.resourceServer = new provider.ResourceServer(this.#info.audience, { ...this.#info, scope });
    return token.save();
  }

  async idToken(sub: string, expiresAt: number): Promise<string> {
    const { provider, client } = await this.#parts();
    const token = new provider.IdToken({ sub }, { client });
    token.scope = "openid";
    return token.issue({ use: "idtoken", expiresAt });
  }

  async #parts(): Promise<{ provider: Provider; client: Client }> {
    const provider = this.#provider;
    const client = await provider?.Client.find("soar");
    if (provider === null || client === undefined) throw new Error("the issuer is not started");
    return { provider, client };
  }

  #newProvider(kid: string): Provider {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return new Provider(this.issuer, {
      jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: ALG }] },
      clients: [
        {
          client_id: "soar",
          client_secret: SECRET,
          grant_types: ["client_credentials"],
          redirect_uris: [],
          response_types: [],
          token_endpoint_auth_method: "client_secret_post",
          id_token_signed_response_alg: ALG,
        },
      ],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: { enabled: true, getResourceServerInfo: () => this.#info },
      },
      ttl: { AccessToken: 600, ClientCredentials: 600, IdToken: 600 },
      extraTokenClaims: (_context: unknown, token: { kind: string }) =>
        token.kind === "AccessToken"
          ? { upn: "alice@example.org", groups: ["soc"] }
          : { roles: ["Machine.Read.All", "Library.Manage"] },
    });
  }
}
