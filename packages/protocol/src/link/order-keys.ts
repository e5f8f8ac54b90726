import { type Static, Type } from "typebox";
import { MachineId } from "./ids.ts";
import { OrderKey, OrderKeySetNumber } from "./machine/enroll.ts";

/**
 * The keys that may sign orders from now on; the first one signs. Signed by a key that the machine has pinned, so that a rotation reaches
 * the agents that were enrolled before it. As with an order, the text that was signed travels as it is (`OrderKeysFrame.payload`).
 */
export const OrderKeySet = Type.Object(
  { v: Type.Literal(1), machineId: MachineId, keys: Type.Array(OrderKey, { minItems: 1, maxItems: 16 }) },
  { additionalProperties: false },
);
export type OrderKeySet = Static<typeof OrderKeySet>;

/**
 * The same since link version 2. `number` only grows: a device takes no set under a number that is not above its own, and none, unless the
 * recovery key signed it, that has none of the keys that it pins.
 */
export const NumberedOrderKeySet = Type.Object(
  {
    v: Type.Literal(2),
    /** Null for every machine of a deployment: only the recovery key may sign such a set. */
    machineId: Type.Union([MachineId, Type.Null()]),
    number: OrderKeySetNumber,
    keys: Type.Array(OrderKey, { minItems: 1, maxItems: 16 }),
    /** Pinned by a device that pins none. Only the present recovery key names another one. */
    recoveryKey: Type.Union([OrderKey, Type.Null()]),
  },
  { additionalProperties: false },
);
export type NumberedOrderKeySet = Static<typeof NumberedOrderKeySet>;

const SIGNING_PREFIX = "halligan-order-keys-v1\n";

/** The bytes that a pinned key signs for a set whose JSON text is `payload`. No order has this beginning. */
export function orderKeysSigningBytes(payload: string): Uint8Array {
  return new TextEncoder().encode(SIGNING_PREFIX + payload);
}
