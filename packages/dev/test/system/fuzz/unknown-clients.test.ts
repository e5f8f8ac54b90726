import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { test } from "node:test";
import { LINK_PATH } from "@halligan/protocol/link";
import { World } from "../../../src/world.ts";

const ANNOUNCED_BYTES = 2 * 1024 * 1024 - 100;

test("an unknown client is disconnected when it sends more than a handshake answer, before its frame is complete", async () => {
  await using world = await World.start({ agents: 0 });
  const { hostname, port, host } = new URL(world.credentials.baseUrl);
  const upgrade = [
    `GET ${LINK_PATH} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Version: 13",
  ];
  const head = Buffer.alloc(14);
  head[0] = 0x82;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(ANNOUNCED_BYTES), 2);
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on("error", () => undefined).resume();
      socket.write(`${upgrade.join("\r\n")}\r\n\r\n`);
      socket.write(Buffer.concat([head, randomBytes(ANNOUNCED_BYTES / 2)]));
      await new Promise((resolve) => socket.once("close", resolve));
    }),
  );
  // The limit on the time for an answer would have ended them as well, seconds later, with all of
  // it in memory.
  assert.doesNotMatch(world.server.output, /no answer in time/);
});
