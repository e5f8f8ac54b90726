/**
 * A connector on `@azure/msal-node`: nothing of it knows Halligan. It reads its job from standard
 * input and prints what the sequence brought.
 */
import { createHash, createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { ConfidentialClientApplication, type Configuration, ProtocolMode } from "@azure/msal-node";
import { type Job, readJob } from "./job.ts";
import { runSequence } from "./run-sequence.ts";

const job = await readJob();
const authority = `${job.authorityHost}/${job.tenant}${job.variant === "final slash" ? "/" : ""}`;
const client = new ConfidentialClientApplication({
  auth: {
    clientId: job.clientId,
    authority,
    ...variantOf(job),
    ...proofOf(job),
  },
  ...(job.variant === "protocol mode OIDC" && { system: { protocolMode: ProtocolMode.OIDC } }),
});

const token = async (skipCache: boolean): Promise<string> => {
  const result = await client.acquireTokenByClientCredential({ scopes: [job.scope], skipCache });
  if (result === null) throw new Error("MSAL gave no token");
  return result.accessToken;
};

try {
  const first = await token(false);
  const cached = await token(false);
  // After a 401 connectors ask past the cache. MSAL then signs no new assertion: it sends the first
  // one again.
  const renewed = await token(true);
  const outcome = await runSequence(job, () => token(false));
  console.log(JSON.stringify({ isCached: first === cached, isRenewed: first !== renewed, outcome }));
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
}

/** The ways of MSAL's users to say that an authority which is none of Microsoft's is trusted. */
function variantOf({ variant, authorityHost }: Job): Partial<Configuration["auth"]> {
  const { host } = new URL(authorityHost);
  switch (variant) {
    case "cloudDiscoveryMetadata":
      return {
        cloudDiscoveryMetadata: JSON.stringify({
          tenant_discovery_endpoint: `${authority}/v2.0/.well-known/openid-configuration`,
          metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
        }),
      };
    default:
      return { knownAuthorities: [host] };
  }
}

function proofOf({ proof, clientId }: Job): Partial<Configuration["auth"]> {
  switch (proof.kind) {
    case "secret":
      return { clientSecret: proof.clientSecret };
    case "certificate": {
      const { raw } = new X509Certificate(proof.certificate);
      const thumbprintSha256 = createHash("sha256").update(raw).digest("hex");
      return { clientCertificate: { thumbprintSha256, privateKey: proof.key, x5c: proof.certificate } };
    }
    case "assertion":
      return { clientAssertion: async ({ tokenEndpoint = "" }) => assertion(proof.key, clientId, tokenEndpoint) };
  }
}

function assertion(keyPem: string, clientId: string, audience: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const nowS = Math.floor(Date.now() / 1_000);
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), nbf: nowS, exp: nowS + 300 };
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), createPrivateKey(keyPem)).toString("base64url")}`;
}
