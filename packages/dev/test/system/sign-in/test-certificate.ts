import type { webcrypto } from "node:crypto";
import { issueCertificate, pemOfKey } from "../../../src/certificates/issue-certificate.ts";

const AUTHORITY_NAME = "Halligan test authority";

/** PEM texts. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** RSA, because MSAL signs with nothing else. */
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2_048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: "SHA-256",
};
const keyPair = () => crypto.subtle.generateKey(RSA, true, ["sign", "verify"]);

/** An authority that lives as long as the test, and certificates that it has signed. */
export class TestAuthority {
  readonly #signingKey: webcrypto.CryptoKey;
  readonly certificate: string;

  private constructor(signingKey: webcrypto.CryptoKey, certificate: string) {
    this.#signingKey = signingKey;
    this.certificate = certificate;
  }

  static async create(): Promise<TestAuthority> {
    const { publicKey, privateKey } = await keyPair();
    const certificate = await issueCertificate({
      subject: AUTHORITY_NAME,
      issuer: AUTHORITY_NAME,
      publicKey,
      signingKey: privateKey,
      isAuthority: true,
      ipAddress: null,
    });
    return new TestAuthority(privateKey, certificate);
  }

  /** For a server on 127.0.0.1. */
  server(): Promise<TestCertificate> {
    return this.#issue("Halligan test server", "127.0.0.1");
  }

  /** For an application. */
  client(name: string): Promise<TestCertificate> {
    return this.#issue(name, null);
  }

  async #issue(subject: string, ipAddress: string | null): Promise<TestCertificate> {
    const { publicKey, privateKey } = await keyPair();
    const certificate = await issueCertificate({
      subject,
      issuer: AUTHORITY_NAME,
      publicKey,
      signingKey: this.#signingKey,
      isAuthority: false,
      ipAddress,
    });
    return { certificate, key: pemOfKey(privateKey) };
  }
}
