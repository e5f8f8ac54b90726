/**
 * A connector on `@azure/identity`: nothing of it knows Halligan. It reads its job from standard
 * input and prints what the sequence brought.
 */
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  EnvironmentCredential,
  type TokenCredential,
} from "@azure/identity";
import { type Job, readJob } from "./job.ts";
import { runSequence } from "./run-sequence.ts";

const job = await readJob();

try {
  const credential = credentialOf(job);
  const token = async (): Promise<string> => {
    const given = await credential.getToken(job.scope);
    if (given === null) throw new Error("@azure/identity gave no token");
    return given.token;
  };
  const outcome = await runSequence(job, token);
  console.log(JSON.stringify({ outcome }));
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
}

function credentialOf({ tenant, clientId, proof, authorityHost, variant }: Job): TokenCredential {
  const options = {
    authorityHost: variant === "final slash" ? `${authorityHost}/` : authorityHost,
    disableInstanceDiscovery: true,
  };
  switch (proof.kind) {
    case "secret":
      if (variant === "environment") {
        Object.assign(process.env, {
          AZURE_TENANT_ID: tenant,
          AZURE_CLIENT_ID: clientId,
          AZURE_CLIENT_SECRET: proof.clientSecret,
          AZURE_AUTHORITY_HOST: authorityHost,
        });
        return new EnvironmentCredential({ disableInstanceDiscovery: true });
      }
      return new ClientSecretCredential(tenant, clientId, proof.clientSecret, options);
    case "certificate": {
      const certificate = `${proof.key}${proof.certificate}`;
      return new ClientCertificateCredential(tenant, clientId, { certificate }, options);
    }
    case "assertion": {
      const audience = `${authorityHost}/${tenant}/oauth2/v2.0/token`;
      return new ClientAssertionCredential(
        tenant,
        clientId,
        async () => assertion(proof.key, clientId, audience),
        options,
      );
    }
  }
}

function assertion(keyPem: string, clientId: string, audience: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const nowS = Math.floor(Date.now() / 1_000);
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), nbf: nowS, exp: nowS + 300 };
  const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), createPrivateKey(keyPem)).toString("base64url")}`;
}
