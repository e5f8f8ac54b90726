/**
 * HPKE (RFC 9180), mode base, single shot, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
 * AES-256-GCM, from primitives of node:crypto that Node and Bun have. `aad` is empty: what is bound
 * stands in `info`. Any implementation of HPKE can encrypt for a device.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";

const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MODE_BASE = 0;

const VERSION = Buffer.from("HPKE-v1");
const KEM_SUITE = Buffer.concat([Buffer.from("KEM"), uint16(KEM_ID)]);
const HPKE_SUITE = Buffer.concat([Buffer.from("HPKE"), uint16(KEM_ID), uint16(KDF_ID), uint16(AEAD_ID)]);
const EMPTY = Buffer.alloc(0);

/**
 * The encapsulated key, followed by the ciphertext. `publicKey`: raw. Null when it is no key, or
 * one that would make the secret public.
 */
export function sealTo(publicKey: Uint8Array, info: Uint8Array, plaintext: Uint8Array): Buffer | null {
  const { privateKey, publicKey: own } = generateKeyPairSync("x25519");
  const shared = agree(privateKey, publicKey);
  if (!shared) return null;
  const encapsulated = rawX25519(own);
  const { key, nonce } = schedule(shared, encapsulated, publicKey, info);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  return Buffer.concat([encapsulated, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Null when it was not sealed to this key with this `info`. */
export function openSealed(privateKey: KeyObject, info: Uint8Array, sealed: Uint8Array): Buffer | null {
  if (sealed.length < KEY_BYTES + TAG_BYTES) return null;
  const encapsulated = sealed.subarray(0, KEY_BYTES);
  const shared = agree(privateKey, encapsulated);
  if (!shared) return null;
  const { key, nonce } = schedule(shared, encapsulated, rawX25519(createPublicKey(privateKey)), info);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(KEY_BYTES, sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return null;
  }
}

/** The raw 32 bytes. */
export function rawX25519(publicKey: KeyObject): Buffer {
  const { x = "" } = publicKey.export({ format: "jwk" });
  return Buffer.from(x, "base64url");
}

/** Null for a point of low order, whose secret is zero. */
function agree(privateKey: KeyObject, otherKey: Uint8Array): Buffer | null {
  if (otherKey.length !== KEY_BYTES) return null;
  const x = Buffer.from(otherKey).toString("base64url");
  try {
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
    const secret = diffieHellman({ privateKey, publicKey });
    return secret.every((byte) => byte === 0) ? null : secret;
  } catch {
    return null;
  }
}

function schedule(
  shared: Buffer,
  encapsulated: Uint8Array,
  recipient: Uint8Array,
  info: Uint8Array,
): { key: Buffer; nonce: Buffer } {
  const kemContext = Buffer.concat([encapsulated, recipient]);
  const prk = extract(KEM_SUITE, EMPTY, "eae_prk", shared);
  const secretOfKem = expand(KEM_SUITE, prk, "shared_secret", kemContext, KEY_BYTES);
  const context = Buffer.concat([
    Buffer.of(MODE_BASE),
    extract(HPKE_SUITE, EMPTY, "psk_id_hash", EMPTY),
    extract(HPKE_SUITE, EMPTY, "info_hash", info),
  ]);
  const secret = extract(HPKE_SUITE, secretOfKem, "secret", EMPTY);
  return {
    key: expand(HPKE_SUITE, secret, "key", context, KEY_BYTES),
    nonce: expand(HPKE_SUITE, secret, "base_nonce", context, NONCE_BYTES),
  };
}

/** LabeledExtract of RFC 9180, section 4. */
function extract(suite: Buffer, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer {
  return createHmac("sha256", salt).update(VERSION).update(suite).update(label).update(ikm).digest();
}

/** LabeledExpand, for at most one block of SHA-256. */
function expand(suite: Buffer, prk: Buffer, label: string, info: Uint8Array, sizeBytes: number): Buffer {
  return createHmac("sha256", prk)
    .update(uint16(sizeBytes))
    .update(VERSION)
    .update(suite)
    .update(label)
    .update(info)
    .update(Buffer.of(1))
    .digest()
    .subarray(0, sizeBytes);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
