import type { RollingValue } from "../../domain/machines/clone-detection.ts";
import type { Random } from "../random.ts";
import { hmacText, sameText } from "./canonical-text.ts";

const VALUE = /^(0|[1-9][0-9]{0,14})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})$/;
const NONCE_BYTES = 16;

const signature = (key: Uint8Array, machineId: string, number: string, nonce: string) =>
  hmacText(key, `halligan rolling value 1\n${machineId}\n${number}\n${nonce}`);

/** The next value of a machine: `<number>.<nonce>.<base64url hmac>`. */
export function makeRollingValue(machineId: string, number: number, random: Random, key: Uint8Array): RollingValue {
  const nonce = Buffer.from(random(NONCE_BYTES)).toString("hex");
  return { number, text: `${number}.${nonce}.${signature(key, machineId, String(number), nonce)}` };
}

/**
 * The rolling value that a device presents. `isGenuine`: it was made with one of `keys` for this
 * machine. Null when the text is not a rolling value.
 */
export function readRollingValue(
  text: string,
  machineId: string,
  keys: readonly Uint8Array[],
): (RollingValue & { isGenuine: boolean }) | null {
  const [, number, nonce, given] = VALUE.exec(text) ?? [];
  if (number === undefined || nonce === undefined || given === undefined) return null;
  const isGenuine = keys.some((key) => sameText(signature(key, machineId, number, nonce), given));
  return { number: Number(number), text, isGenuine };
}
