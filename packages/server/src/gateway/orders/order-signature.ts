import { sign } from "node:crypto";
import { type Order, type OrderFrame, orderSigningBytes } from "@halligan/protocol/link";
import type { OrderKeyPair } from "../../service/context.ts";

/** The order on the wire: its JSON text, and a signature over exactly that text. */
export function signOrder(order: Order, key: OrderKeyPair): OrderFrame {
  const payload = JSON.stringify(order);
  const signature = sign(null, orderSigningBytes(payload), key.privateKey).toString("base64url");
  return { type: "order", payload, keyId: key.keyId, signature };
}
