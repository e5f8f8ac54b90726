import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { issueCertificate, pemOfKey } from "./issue-certificate.ts";

const NAME = "Halligan benchmark";

/** A certificate for 127.0.0.1 that signs itself, and its key, as files. */
export async function writeSelfMadeCertificate(
  folder: string,
): Promise<{ certFile: string; keyFile: string; ca: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const ca = await issueCertificate({
    subject: NAME,
    issuer: NAME,
    publicKey,
    signingKey: privateKey,
    isAuthority: true,
    ipAddress: "127.0.0.1",
  });
  const [certFile, keyFile] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  await writeFile(certFile, ca);
  await writeFile(keyFile, pemOfKey(privateKey), { mode: 0o600 });
  return { certFile, keyFile, ca };
}
