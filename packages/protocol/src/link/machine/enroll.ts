/**
 * Enrollment: `POST` {@link ENROLL_PATH}, once for each device. A repetition with the same key and
 * token gives the same response and does not use up the token, so a device can repeat the request
 * after a lost response.
 */
import { type Static, Type } from "typebox";
import { MachineId, Sha256 } from "../ids.ts";
import { MachineFacts } from "./machine-facts.ts";

export const ENROLL_PATH = "/agent/v1/enroll";

/** A raw Ed25519 public key, 32 bytes in base64url. */
export const PublicKey = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });

export const EnrollRequest = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 256 }),
    publicKey: PublicKey,
    /**
     * Signature (base64url) of `enrollSigningBytes(token, publicKey)` by that key. It proves that
     * the device has the private key.
     */
    proof: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
    facts: MachineFacts,
    /**
     * The link version of the agent. Agents before link version 2 omit it, because they reject a
     * response with unknown members.
     */
    linkVersion: Type.Optional(Type.Integer({ minimum: 2, maximum: 255 })),
  },
  { additionalProperties: false },
);
export type EnrollRequest = Static<typeof EnrollRequest>;

/** The keys that may sign orders. A key id is the SHA-256 (hex) of the raw public key. */
export const OrderKey = Type.Object({ keyId: Sha256, publicKey: PublicKey }, { additionalProperties: false });
export type OrderKey = Static<typeof OrderKey>;

/** Number of a set of order keys. It only grows. */
export const OrderKeySetNumber = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const EnrollResponse = Type.Object(
  {
    machineId: MachineId,
    orderKeys: Type.Array(OrderKey, { minItems: 1, maxItems: 16 }),
    /** The two members below are only in the response to a request with a link version. */
    orderKeySet: Type.Optional(OrderKeySetNumber),
    /** The recovery key can replace all order keys. Null when the server has none. */
    recoveryKey: Type.Optional(Type.Union([OrderKey, Type.Null()])),
  },
  { additionalProperties: false },
);
export type EnrollResponse = Static<typeof EnrollResponse>;

export function enrollSigningBytes(token: string, publicKey: string): Uint8Array {
  return new TextEncoder().encode(`halligan-enroll-v1\n${publicKey}\n${token}`);
}
