/**
 * The handshake, from the server's challenge to its welcome. In link version 2 the agent accepts
 * nothing before the server has proved that it has the order key.
 */

import type { KeyObject } from "node:crypto";
import {
  CHALLENGE_BYTES,
  HANDSHAKE_TIMEOUT_MS,
  type OrderKeysFrame,
  parseServerFrame,
  SEALED_SINCE_VERSION,
  type Welcome,
} from "@halligan/protocol/link";
import { DeviceHandshake } from "@halligan/protocol/link-crypto";
import { type MonotonicClock, withDeadline } from "@halligan/protocol/time";
import type { AgentSettings } from "../../settings.ts";
import type { OrderKeyMap } from "../order-check.ts";
import type { Connection } from "../ports.ts";
import { ConnectionEndedError } from "./connection-ended-error.ts";
import { FrameChannel } from "./frame-channel.ts";

export interface Identity {
  machineId: string;
  privateKey: KeyObject;
}

export interface OpenedConnection {
  welcome: Omit<Welcome, "type">;
  channel: FrameChannel;
}

interface HandshakeDeps {
  clock: MonotonicClock;
  identity: Identity;
  linkVersion: number;
  settings: Pick<AgentSettings, "connectTimeoutMs">;
  /** The first key names the server, which must sign its welcome with it. */
  orderKeys: OrderKeyMap;
  /** Called when a server without that key presents other keys that the recovery key has signed. */
  recovered(set: OrderKeysFrame): Promise<void>;
}

const UNPROVEN =
  "The server did not prove that it has the order key that this device pins: it is another server, or a proxy " +
  "answers in its place.";

export async function openConnection(
  deps: HandshakeDeps,
  connection: Connection,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { clock, linkVersion } = deps;
  const [[serverKeyId, serverKey] = []] = deps.orderKeys;
  if (serverKeyId === undefined || serverKey === undefined) throw new Error("the device pins no order key");
  const handshake = await withDeadline(
    clock,
    HANDSHAKE_TIMEOUT_MS,
    signal,
    "The server sent no challenge in time.",
    async (s) => {
      const claim = { version: linkVersion, machineId: deps.identity.machineId, serverKeyId };
      return new DeviceHandshake(await challengeOf(connection, s), claim, deps.identity.privateKey);
    },
  );
  const answeredAtMs = clock.monotonicMs();
  connection.sendBinary(handshake.answer);
  const opened = await withDeadline(
    clock,
    deps.settings.connectTimeoutMs,
    signal,
    "The server sent no welcome in time.",
    (s) =>
      linkVersion < SEALED_SINCE_VERSION
        ? plainWelcome(connection, clock, s)
        : provenWelcome(connection, clock, { handshake, serverKey, answeredAtMs }, deps.recovered, s),
  );
  const { welcome } = opened;
  if (welcome.linkVersion === linkVersion) return opened;
  throw new ConnectionEndedError(
    `The server speaks link version ${welcome.linkVersion}, this agent version ${linkVersion}: upgrade the server first.`,
  );
}

async function challengeOf(connection: Connection, signal: AbortSignal): Promise<Uint8Array> {
  const first = await connection.receive(signal);
  if (first.kind === "closed")
    throw new ConnectionEndedError(first.reason || "The server closed the connection.", first.code);
  if (first.kind !== "binary" || first.bytes.length !== CHALLENGE_BYTES) {
    throw new ConnectionEndedError("The server did not begin with a challenge: is this a Halligan server?");
  }
  return first.bytes;
}

async function plainWelcome(
  connection: Connection,
  clock: MonotonicClock,
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const channel = FrameChannel.plain(connection, clock);
  const { frame } = await channel.next(signal);
  if (frame.type !== "welcome") throw new ConnectionEndedError(`The server sent ${frame.type} instead of a welcome.`);
  return { welcome: frame, channel };
}

async function provenWelcome(
  connection: Connection,
  clock: MonotonicClock,
  proof: { handshake: DeviceHandshake; serverKey: KeyObject; answeredAtMs: number },
  recovered: HandshakeDeps["recovered"],
  signal: AbortSignal,
): Promise<OpenedConnection> {
  const { handshake, serverKey, answeredAtMs } = proof;
  const received = await connection.receive(signal);
  if (received.kind === "closed") {
    const { code, reason } = received;
    const words = handshake.refusal(code, reason, serverKey);
    throw new ConnectionEndedError(words ?? (reason || "The server closed the connection."), code, words !== null);
  }
  const frame = received.kind === "text" ? parseServerFrame(received.text) : null;
  if (frame?.type === "orderKeys") {
    await recovered(frame);
    throw new ConnectionEndedError("The server named other order keys instead of a welcome.");
  }
  const opened = frame?.type === "signedWelcome" ? handshake.open(frame, serverKey) : null;
  if (!opened) throw new ConnectionEndedError(UNPROVEN);
  return {
    welcome: opened.content,
    channel: FrameChannel.sealed(connection, clock, opened.keys, answeredAtMs),
  };
}
