import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signed } from "./forged-token.ts";

const AUDIENCE = "https://api.securitycenter.microsoft.com";
const KID = "outside";

/**
 * An OIDC issuer of users on this machine: a discovery document, a key, and tokens for any user.
 */
export class OutsideIssuer implements AsyncDisposable {
  readonly #keys = generateKeyPairSync("ed25519");
  readonly #server = createServer((request, response) => {
    const document = request.url?.endsWith("/openid-configuration")
      ? { issuer: this.#issuer, jwks_uri: `${this.#issuer}/keys` }
      : { keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: KID, alg: "EdDSA", use: "sig" }] };
    response.setHeader("content-type", "application/json").end(JSON.stringify(document));
  });
  #issuer = "";
  #folder = "";

  /** Starts it; the settings by which a server trusts it. */
  async open(): Promise<Readonly<Record<string, string>>> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the issuer has no port");
    this.#issuer = `http://127.0.0.1:${address.port}`;
    this.#folder = await mkdtemp(join(tmpdir(), "halligan-wire-issuer-"));
    const file = join(this.#folder, "issuers.json");
    const issuer = { issuer: this.#issuer, audiences: [AUDIENCE], algorithms: ["EdDSA"], allowUsers: true };
    await writeFile(file, JSON.stringify([issuer]));
    return { HALLIGAN_OIDC_ISSUERS_FILE: file };
  }

  /** A user's token with these delegated permissions; `claims` on top. */
  token(scopes: readonly string[], claims: Readonly<Record<string, unknown>> = {}): string {
    const nowS = Math.floor(Date.now() / 1_000);
    return signed(
      this.#keys.privateKey,
      { typ: "at+jwt", kid: KID },
      {
        iss: this.#issuer,
        aud: AUDIENCE,
        sub: "user-1",
        jti: randomUUID(),
        upn: "analyst@example.org",
        scp: scopes.join(" "),
        groups: [],
        iat: nowS,
        nbf: nowS,
        exp: nowS + 3_600,
        ...claims,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    await rm(this.#folder, { recursive: true, force: true });
  }
}
