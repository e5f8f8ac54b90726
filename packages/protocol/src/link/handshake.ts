/**
 * The only bytes that are read before a device is known (threat 1.6: nothing is parsed before
 * authentication).
 *
 * 1. The server sends one binary frame: a random challenge of {@link CHALLENGE_BYTES}.
 * 2. The agent answers, within {@link HANDSHAKE_TIMEOUT_MS}, with one binary frame of exactly
 *    {@link answerBytes}:
 *    version (1) | machine id (20) | server key id (32) |
 *    from version 2 on: ephemeral X25519 key (32) |
 *    Ed25519 signature (64) over {@link handshakeSigningBytes}.
 * 3. Version 1: everything after that is a JSON text frame of `frames.ts`, beginning with the
 *    server's welcome.
 *    Version 2: a `signedWelcome` (`signed-welcome.ts`); everything after that is sealed
 *    (`../link-crypto`).
 */
export const CHALLENGE_BYTES = 32;
export const HANDSHAKE_TIMEOUT_MS = 5_000;

const VERSION_BYTES = 1;
const MACHINE_ID_BYTES = 20;
const KEY_ID_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** A raw X25519 public key. */
export const EPHEMERAL_KEY_BYTES = 32;
const PLAIN_ANSWER_BYTES = VERSION_BYTES + MACHINE_ID_BYTES + KEY_ID_BYTES + SIGNATURE_BYTES;
/** Size of the response in the newest version, which is the largest. */
export const ANSWER_BYTES = PLAIN_ANSWER_BYTES + EPHEMERAL_KEY_BYTES;

/** The first version in which the server authenticates itself and both sides seal their frames. */
export const SEALED_SINCE_VERSION = 2;

/** Size of the response in a version. */
export const answerBytes = (version: number): number =>
  version < SEALED_SINCE_VERSION ? PLAIN_ANSWER_BYTES : ANSWER_BYTES;

const SIGNING_PREFIX = new TextEncoder().encode("halligan-link-v1\n");
const SEALED_SIGNING_PREFIX = new TextEncoder().encode("halligan-link-v2\n");

export interface HandshakeClaim {
  version: number;
  /** 40 hex digits, lower case. */
  machineId: string;
  /**
   * 64 hex digits, lower case: the first pinned order key. It makes a response to one server
   * worthless to another.
   */
  serverKeyId: string;
  /** The raw X25519 key of this connection; empty in version 1. */
  ephemeralKey: Uint8Array;
}

export interface HandshakeAnswer extends HandshakeClaim {
  signature: Uint8Array;
}

/** What the agent signs: prefix, version, challenge, machine id, server key id, ephemeral key. */
export function handshakeSigningBytes(challenge: Uint8Array, claim: HandshakeClaim): Uint8Array {
  return concat([
    claim.version < SEALED_SINCE_VERSION ? SIGNING_PREFIX : SEALED_SIGNING_PREFIX,
    Uint8Array.of(claim.version),
    challenge,
    fromHex(claim.machineId, MACHINE_ID_BYTES),
    fromHex(claim.serverKeyId, KEY_ID_BYTES),
    claim.ephemeralKey,
  ]);
}

export function encodeHandshakeAnswer(answer: HandshakeAnswer): Uint8Array {
  if (answer.signature.length !== SIGNATURE_BYTES) throw new RangeError("an Ed25519 signature has 64 bytes");
  const frame = concat([
    Uint8Array.of(answer.version),
    fromHex(answer.machineId, MACHINE_ID_BYTES),
    fromHex(answer.serverKeyId, KEY_ID_BYTES),
    answer.ephemeralKey,
    answer.signature,
  ]);
  if (frame.length !== answerBytes(answer.version)) throw new RangeError("the ephemeral key has a wrong size");
  return frame;
}

/** Null when the frame does not have the exact size for its version. */
export function decodeHandshakeAnswer(frame: Uint8Array): HandshakeAnswer | null {
  const version = frame[0] ?? 0;
  if (frame.length !== answerBytes(version)) return null;
  const machineIdAt = VERSION_BYTES;
  const keyIdAt = machineIdAt + MACHINE_ID_BYTES;
  const ephemeralKeyAt = keyIdAt + KEY_ID_BYTES;
  const signatureAt = frame.length - SIGNATURE_BYTES;
  return {
    version,
    machineId: toHex(frame.subarray(machineIdAt, keyIdAt)),
    serverKeyId: toHex(frame.subarray(keyIdAt, ephemeralKeyAt)),
    ephemeralKey: frame.slice(ephemeralKeyAt, signatureAt),
    signature: frame.slice(signatureAt),
  };
}

/** Concatenates the arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string, sizeBytes: number): Uint8Array {
  if (text.length !== sizeBytes * 2 || !/^[0-9a-f]+$/.test(text)) {
    throw new RangeError(`expected ${sizeBytes * 2} lower-case hex digits`);
  }
  return Uint8Array.from({ length: sizeBytes }, (_, i) => Number.parseInt(text.slice(i * 2, i * 2 + 2), 16));
}
