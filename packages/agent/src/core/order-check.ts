/**
 * Decides whether an order is accepted. Pure. The signature over the received text is checked
 * first; nothing is parsed before.
 */
import { type KeyObject, verify } from "node:crypto";
import { Order, type OrderFrame, type OrderKey, orderSigningBytes, type Refused } from "@halligan/protocol/link";
import { ed25519PublicKey } from "@halligan/protocol/link-crypto";
import type { Static } from "typebox";
import { Compile } from "typebox/compile";
import { LIMITS } from "../limits.ts";
import { hasWork, type JournalState } from "./journal/journal.ts";
import { type DeviceSecretKey, secretsFault } from "./order-secrets.ts";

export type OrderKeyMap = ReadonlyMap<string, KeyObject>;
export type RefusalCode = Static<typeof Refused>["code"];

export type OrderCheckResult =
  | { kind: "accept"; order: Order }
  /**
   * The order was accepted before and is still held. The journal answers it; nothing runs again.
   */
  | { kind: "held"; orderSeq: number }
  | { kind: "refuse"; order: Pick<Order, "actionId" | "orderSeq">; code: RefusalCode; message: string }
  /** The text names no action, so no refusal can be addressed. */
  | { kind: "unreadable"; code: RefusalCode };

const orderSchema = Compile(Order);
const ACTION_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function orderKeyMap(keys: readonly OrderKey[]): OrderKeyMap {
  return new Map(keys.map(({ keyId, publicKey }) => [keyId, ed25519PublicKey(publicKey)]));
}

export function checkOrder(
  frame: Static<typeof OrderFrame>,
  device: {
    machineId: string;
    keys: OrderKeyMap;
    journal: JournalState;
    serverNowMs: number;
    secretKey: DeviceSecretKey | null;
  },
): OrderCheckResult {
  const key = device.keys.get(frame.keyId);
  if (!key)
    return refuse(frame.payload, "unknownKey", "The order is signed with a key that this device does not know.");
  const signature = Buffer.from(frame.signature, "base64url");
  if (!verify(null, orderSigningBytes(frame.payload), key, signature)) {
    return refuse(frame.payload, "badSignature", "The signature of the order is not valid.");
  }
  const order = parse(frame.payload);
  if (!orderSchema.Check(order) || order.commands.some((command, index) => command.index !== index)) {
    return refuse(frame.payload, "malformed", "The order is signed but is not one that this agent understands.");
  }
  const no = (code: RefusalCode, message: string): OrderCheckResult => ({ kind: "refuse", order, code, message });
  if (order.machineId !== device.machineId) return no("wrongMachine", "The order is for another machine.");
  const { journal } = device;
  if (order.journalId !== journal.journalId) {
    return no("wrongJournal", "The order was made for another journal of this machine: it was wiped, lost or cloned.");
  }
  const held = journal.orders.get(order.orderSeq);
  if (held) {
    return held.order.actionId === order.actionId
      ? { kind: "held", orderSeq: order.orderSeq }
      : no("replayed", "This order number was used for another action.");
  }
  if (order.orderSeq <= journal.highestOrderSeq) {
    return no("replayed", `This device has already accepted order ${journal.highestOrderSeq}.`);
  }
  if (device.serverNowMs > order.acceptByMs) return no("late", "The order arrived after its acceptance deadline.");
  if ([...journal.orders.values()].some(hasWork)) return no("busy", "Another order is still running on this device.");
  if (journal.orders.size >= LIMITS.maxHeldOrders) {
    return no("busy", "This device holds the maximum number of unacknowledged orders.");
  }
  const secretFault = secretsFault(order, device.machineId, device.secretKey);
  if (secretFault !== null) return no("secretUnreadable", secretFault);
  return { kind: "accept", order };
}

function refuse(payload: string, code: RefusalCode, message: string): OrderCheckResult {
  const order = parse(payload);
  if (typeof order === "object" && order !== null && "actionId" in order && "orderSeq" in order) {
    const { actionId, orderSeq } = order;
    if (typeof actionId === "string" && ACTION_ID.test(actionId) && isOrderSeq(orderSeq)) {
      return { kind: "refuse", order: { actionId, orderSeq }, code, message };
    }
  }
  return { kind: "unreadable", code };
}

const isOrderSeq = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
