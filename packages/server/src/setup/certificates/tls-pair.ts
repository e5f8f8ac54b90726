import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, getCACertificates } from "node:tls";
import { err as fault, ok, type Result } from "@halligan/protocol/errors";
import type { Validity } from "../../domain/certificate-expiry.ts";

/** A certificate with its chain and its key, checked: new TLS connections can use it. */
export interface TlsPair extends Validity {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  /** Problems that clients may have with it, each with its remedy. */
  readonly warnings: readonly string[];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/**
 * `files` are used only in messages. The error is a sentence that names the mistake and the remedy.
 */
export function checkTlsPair(
  { cert, key }: { cert: string; key: string },
  files: { certFile: string; keyFile: string },
): Result<TlsPair, string> {
  const { certFile, keyFile } = files;
  const chain = readChain(cert, certFile);
  if (!chain.ok) return chain;
  const [own, ...others] = chain.value;
  const privateKey = readKey(key, keyFile);
  if (!privateKey.ok) return privateKey;
  if (!own.checkPrivateKey(privateKey.value)) {
    return fault(
      others.some((other) => other.checkPrivateKey(privateKey.value))
        ? `the first certificate in ${certFile} is not the one of the key ${keyFile}: put the server's own certificate first, then its chain`
        : `the key ${keyFile} does not belong to the certificate ${certFile}: name the two files that were made together`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    return fault(`TLS cannot use the certificate ${certFile} with its key: ${messageOf(cause)}`);
  }
  return ok({
    cert,
    key,
    subject: nameOf(own),
    validFromMs: own.validFromDate.getTime(),
    validUntilMs: own.validToDate.getTime(),
    warnings: chainWarnings(own, others, certFile),
  });
}

function readChain(cert: string, certFile: string): Result<[X509Certificate, ...X509Certificate[]], string> {
  const blocks = cert.match(CERTIFICATE) ?? [];
  const certificates: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch (cause) {
      return fault(`certificate ${index + 1} in ${certFile} is damaged: ${messageOf(cause)}`);
    }
  }
  const [own, ...others] = certificates;
  if (own) return ok([own, ...others]);
  return fault(
    PRIVATE_KEY.test(cert)
      ? `${certFile} holds a private key and no certificate: HALLIGAN_TLS_CERT_FILE and HALLIGAN_TLS_KEY_FILE are probably swapped`
      : `${certFile} holds no certificate in PEM ("-----BEGIN CERTIFICATE-----"); a DER file becomes one by: openssl x509 -inform der -in FILE`,
  );
}

function readKey(key: string, keyFile: string): Result<KeyObject, string> {
  if (!PRIVATE_KEY.test(key)) {
    return fault(`${keyFile} holds no private key in PEM ("-----BEGIN PRIVATE KEY-----")`);
  }
  // Found in the text, because the library's own error for it differs between versions.
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(key)) {
    return fault(
      `the key ${keyFile} is encrypted, and a server that starts by itself has no passphrase. ` +
        `Write it unencrypted, readable for the server alone: umask 077; openssl pkey -in ${keyFile} -out NEW`,
    );
  }
  try {
    return ok(createPrivateKey(key));
  } catch (cause) {
    return fault(`the key ${keyFile} is damaged or of an unknown kind: ${messageOf(cause)}`);
  }
}

/**
 * Agents and clients know only root certificates. The intermediate ones must come from the server.
 */
function chainWarnings(own: X509Certificate, others: readonly X509Certificate[], certFile: string): string[] {
  let last = own;
  for (const next of others) {
    if (!last.checkIssued(next)) {
      return [
        `in ${certFile} the certificate of "${nameOf(last)}" is not followed by its issuer: put each issuer behind what it issued`,
      ];
    }
    last = next;
  }
  const isSelfSigned = last.checkIssued(last);
  if (isSelfSigned || isIssuedByKnownRoot(last)) return [];
  return [
    `${certFile} ends with a certificate whose issuer this machine does not know (${oneLine(last.issuer)}). If that is an ` +
      "intermediate authority, append its certificate: clients do not find it by themselves. If it is your own root, name its file in NODE_EXTRA_CA_CERTS",
  ];
}

function isIssuedByKnownRoot(certificate: X509Certificate): boolean {
  return getCACertificates("default").some((pem) => {
    try {
      return certificate.checkIssued(new X509Certificate(pem));
    } catch {
      return false;
    }
  });
}

const nameOf = ({ subject, subjectAltName }: X509Certificate): string => subjectAltName ?? oneLine(subject);
const oneLine = (text: string | undefined): string => (text ?? "").replaceAll("\n", ", ");
const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
