import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bits, explicit, implicit, integer, objectId, octets, sequence, set, text, truth, utcTime } from "./der.ts";

const ECDSA_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const DAY_MS = 86_400_000;
const LOOPBACK = Buffer.of(127, 0, 0, 1);

/**
 * A certificate for 127.0.0.1 that signs itself, and its key, as files. Node makes keys but no
 * certificates, and openssl is not everywhere; X.509 for one address is forty lines (RFC 5280).
 */
export async function writeSelfMadeCertificate(
  folder: string,
): Promise<{ certFile: string; keyFile: string; ca: string }> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(objectId("2.5.4.3"), text("Halligan benchmark"))));
  const nowMs = Date.now();
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(Buffer.of(1, ...randomBytes(8))),
    ECDSA_SHA256,
    name,
    sequence(utcTime(nowMs - DAY_MS), utcTime(nowMs + DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    explicit(
      3,
      sequence(
        sequence(objectId("2.5.29.19"), truth(), octets(sequence(truth()))),
        sequence(objectId("2.5.29.17"), octets(sequence(implicit(7, LOOPBACK)))),
      ),
    ),
  );
  const certificate = sequence(body, ECDSA_SHA256, bits(sign("sha256", body, privateKey)));
  const base64 = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  const ca = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  const [certFile, keyFile] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  await writeFile(certFile, ca);
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return { certFile, keyFile, ca };
}
