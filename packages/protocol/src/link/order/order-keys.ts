import { type Static, Type } from "typebox";
import { MachineId } from "../ids.ts";
import { OrderKey, OrderKeySetNumber } from "../machine/enroll.ts";

/**
 * The keys that may sign orders from now on. The server signs with the first one. A key that the
 * machine has pinned signs the set, so a rotation also reaches agents that enrolled before it. As
 * with an order, the signed text is transmitted byte for byte (`OrderKeysFrame.payload`).
 */
export const OrderKeySet = Type.Object(
  { v: Type.Literal(1), machineId: MachineId, keys: Type.Array(OrderKey, { minItems: 1, maxItems: 16 }) },
  { additionalProperties: false },
);
export type OrderKeySet = Static<typeof OrderKeySet>;

/**
 * The same set since link version 2. `number` only grows. A device accepts a set only if its number
 * is above the pinned number. The set must also contain a pinned key, unless the recovery key
 * signed it.
 */
export const NumberedOrderKeySet = Type.Object(
  {
    v: Type.Literal(2),
    /** Null for all machines of a deployment. Only the recovery key may sign such a set. */
    machineId: Type.Union([MachineId, Type.Null()]),
    number: OrderKeySetNumber,
    keys: Type.Array(OrderKey, { minItems: 1, maxItems: 16 }),
    /**
     * A device without a recovery key pins this one. Otherwise, only the present recovery key may
     * name another one.
     */
    recoveryKey: Type.Union([OrderKey, Type.Null()]),
  },
  { additionalProperties: false },
);
export type NumberedOrderKeySet = Static<typeof NumberedOrderKeySet>;

const SIGNING_PREFIX = "halligan-order-keys-v1\n";

/**
 * The bytes that a pinned key signs for a set with the JSON text `payload`. Their prefix differs
 * from the prefix of an order.
 */
export function orderKeysSigningBytes(payload: string): Uint8Array {
  return new TextEncoder().encode(SIGNING_PREFIX + payload);
}
