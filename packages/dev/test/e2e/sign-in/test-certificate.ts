import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  bits,
  explicit,
  implicit,
  integer,
  objectId,
  octets,
  sequence,
  set,
  text,
  truth,
  utcTime,
} from "../../../src/certificates/der.ts";

/** DER of NULL: the parameters of RSA signatures (RFC 4055 section 5). */
const NULL = Buffer.of(0x05, 0x00);
const RSA_SHA256 = sequence(objectId("1.2.840.113549.1.1.11"), NULL);
const LOOPBACK = Buffer.of(127, 0, 0, 1);
const DAY_MS = 86_400_000;

/** PEM texts. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * An authority that lives as long as the test, and certificates that it has signed; RSA, because
 * MSAL signs with nothing else.
 */
export class TestAuthority {
  readonly #key: KeyObject;
  readonly certificate: string;

  constructor() {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    this.#key = pair.privateKey;
    const isAuthority = sequence(objectId("2.5.29.19"), truth(), octets(sequence(truth())));
    this.certificate = this.#signed(AUTHORITY_NAME, pair.publicKey, isAuthority);
  }

  /** For a server on 127.0.0.1. */
  server(): TestCertificate {
    return this.#issue(
      "Halligan test server",
      sequence(objectId("2.5.29.17"), octets(sequence(implicit(7, LOOPBACK)))),
    );
  }

  /** For an application. */
  client(name: string): TestCertificate {
    return this.#issue(name, sequence(objectId("2.5.29.19"), octets(sequence())));
  }

  #issue(name: string, extension: Buffer): TestCertificate {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    return { certificate: this.#signed(name, publicKey, extension), key };
  }

  #signed(subject: string, publicKey: KeyObject, extension: Buffer): string {
    const nowMs = Date.now();
    const body = sequence(
      explicit(0, integer(Buffer.of(2))),
      integer(Buffer.of(1, ...randomBytes(8))),
      RSA_SHA256,
      nameOf(AUTHORITY_NAME),
      sequence(utcTime(nowMs - DAY_MS), utcTime(nowMs + DAY_MS)),
      nameOf(subject),
      publicKey.export({ type: "spki", format: "der" }),
      explicit(3, sequence(extension)),
    );
    const certificate = sequence(body, RSA_SHA256, bits(sign("sha256", body, this.#key)));
    const base64 = certificate.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
    return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  }
}

const AUTHORITY_NAME = "Halligan test authority";
const nameOf = (commonName: string): Buffer => sequence(set(sequence(objectId("2.5.4.3"), text(commonName))));
