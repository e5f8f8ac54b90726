import { randomBytes } from "node:crypto";
import { LINK_PATH } from "@halligan/protocol/link";
import type { FuzzContext } from "../fuzz-context.ts";
import { sendRaw } from "./raw-requests.ts";

/**
 * Below the frames: upgrades that are half right, and bytes that are no WebSocket after one that
 * was.
 */
export async function attackWebSocket(context: FuzzContext): Promise<void> {
  const { random, baseUrl, requests, count } = context;
  const head = [
    `GET ${LINK_PATH}${random.chance(0.1) ? "?x=1" : ""} HTTP/1.1`,
    `Host: ${new URL(baseUrl).host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    ...(random.chance(0.95)
      ? [`Sec-WebSocket-Key: ${random.chance(0.95) ? randomBytes(16).toString("base64") : "x"}`]
      : []),
    `Sec-WebSocket-Version: ${random.chance(0.95) ? 13 : 99}`,
    ...(random.chance(0.05) ? ["Origin: http://127.0.0.1"] : []),
    ...(random.chance(0.1) ? ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"] : []),
  ];
  const frames = Array.from({ length: random.between(1, 20) }, () => rawFrame(context));
  count.frames += frames.length;
  count.links += 1;
  await sendRaw(baseUrl, [Buffer.from(`${head.join("\r\n")}\r\n\r\n`), ...frames], requests);
}

/** A frame with any opcode, flags and length, masked or not, whole or not. */
function rawFrame({ random }: FuzzContext): Buffer {
  const content = random.bytes(random.pick([0, 1, 10, 120]));
  const opcode = random.pick([0, 1, 2, 8, 9, 10, 3, 11]);
  const first = (random.chance(0.8) ? 0x80 : 0) | (random.chance(0.1) ? 0x40 : 0) | opcode;
  const isMasked = random.chance(0.9);
  const mask = isMasked ? Buffer.alloc(4) : Buffer.alloc(0);
  const maskBit = isMasked ? 0x80 : 0;
  if (random.chance(0.9)) return Buffer.concat([Buffer.of(first, maskBit | content.length), mask, content]);
  // A length far beyond what comes, or beyond what a number holds.
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(random.pick([200n, 2n ** 21n, 2n ** 32n, 2n ** 63n]));
  return Buffer.concat([Buffer.of(first, maskBit | 127), length, mask, content]);
}
