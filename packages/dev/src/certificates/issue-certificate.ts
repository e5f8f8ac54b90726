// The library needs it, and needs it first.
import "reflect-metadata";
import { KeyObject, type webcrypto } from "node:crypto";
import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

const DAY_MS = 86_400_000;

export interface Issuing {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
  readonly isAuthority: boolean;
  /** Of the server that it names. */
  readonly ipAddress: string | null;
}

/**
 * A certificate as PEM that is valid from a day ago until a day from now, for tests and benchmarks.
 */
export async function issueCertificate(issuing: Issuing): Promise<string> {
  const { subject, issuer, publicKey, signingKey, isAuthority, ipAddress } = issuing;
  const nowMs = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [subject] }],
    issuer: [{ CN: [issuer] }],
    publicKey,
    signingKey,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + DAY_MS),
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      ...(ipAddress === null ? [] : [new SubjectAlternativeNameExtension([{ type: "ip", value: ipAddress }])]),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** The PKCS #8 form as PEM. */
export const pemOfKey = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString();
