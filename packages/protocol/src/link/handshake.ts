/**
 * The only bytes that are read before a device is known (threat 1.6: nothing is parsed before authentication).
 *
 * 1. The server sends one binary frame: a random challenge of {@link CHALLENGE_BYTES}.
 * 2. The agent answers, within {@link HANDSHAKE_TIMEOUT_MS}, with one binary frame of exactly {@link ANSWER_BYTES}:
 *    version (1) | machine id (20) | server key id (32) | Ed25519 signature (64) over {@link handshakeSigningBytes}.
 * 3. Everything after that is a JSON text frame of `frames.ts`, beginning with the server's welcome.
 */
export const CHALLENGE_BYTES = 32;
export const HANDSHAKE_TIMEOUT_MS = 5_000;

const VERSION_BYTES = 1;
const MACHINE_ID_BYTES = 20;
const KEY_ID_BYTES = 32;
const SIGNATURE_BYTES = 64;
export const ANSWER_BYTES = VERSION_BYTES + MACHINE_ID_BYTES + KEY_ID_BYTES + SIGNATURE_BYTES;

const SIGNING_PREFIX = new TextEncoder().encode("halligan-link-v1\n");

export interface HandshakeAnswer {
  version: number;
  /** 40 hex digits, lower case. */
  machineId: string;
  /** 64 hex digits, lower case: the first order key that the agent pins, so that an answer for one server is worthless to another. */
  serverKeyId: string;
  signature: Uint8Array;
}

/** What the agent signs: prefix, version, challenge, machine id, server key id. */
export function handshakeSigningBytes(
  challenge: Uint8Array,
  answer: Pick<HandshakeAnswer, "version" | "machineId" | "serverKeyId">,
): Uint8Array {
  return concat([
    SIGNING_PREFIX,
    Uint8Array.of(answer.version),
    challenge,
    fromHex(answer.machineId, MACHINE_ID_BYTES),
    fromHex(answer.serverKeyId, KEY_ID_BYTES),
  ]);
}

export function encodeHandshakeAnswer(answer: HandshakeAnswer): Uint8Array {
  if (answer.signature.length !== SIGNATURE_BYTES) throw new RangeError("an Ed25519 signature has 64 bytes");
  return concat([
    Uint8Array.of(answer.version),
    fromHex(answer.machineId, MACHINE_ID_BYTES),
    fromHex(answer.serverKeyId, KEY_ID_BYTES),
    answer.signature,
  ]);
}

/** Null when the frame does not have the one size that an answer has. */
export function decodeHandshakeAnswer(frame: Uint8Array): HandshakeAnswer | null {
  if (frame.length !== ANSWER_BYTES) return null;
  const machineIdAt = VERSION_BYTES;
  const keyIdAt = machineIdAt + MACHINE_ID_BYTES;
  const signatureAt = keyIdAt + KEY_ID_BYTES;
  return {
    version: frame[0] ?? 0,
    machineId: toHex(frame.subarray(machineIdAt, keyIdAt)),
    serverKeyId: toHex(frame.subarray(keyIdAt, signatureAt)),
    signature: frame.slice(signatureAt),
  };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
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
