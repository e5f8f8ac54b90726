import { connect, type Socket } from "node:net";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Attack } from "../attack.ts";
import { Counts } from "./hostile-machine.ts";

/**
 * NATS without credentials on this machine, as the tests have it. Where none listens the attack has
 * no connection.
 */
const BUS_URL = "nats://127.0.0.1:4222";
const MESSAGES_AT_ONCE = 1_000;

export const busFlood: Attack = {
  name: "bus-flood",
  point: 6,
  title: "A client of the bus sends wake-ups, newer connections and malformed messages about every machine",
  settings: { HALLIGAN_BUS_URL: BUS_URL },
  prepare: async ({ credentials }) => ({ serverUrl: credentials.baseUrl }),
  async start(target, signal) {
    const counts = new Counts();
    // At the baseline the same messages go where no node listens.
    const deployment = target.given.serverUrl === target.baseUrl ? target.tenant : `baseline-${target.tenant}`;
    const batch = messages(`halligan.${deployment}`, target.machineIds);
    const attack = async () => {
      while (!signal.aborted) {
        const socket = await connected(signal);
        if (!socket) {
          counts.add("connectionsLost");
          await sleep(systemClock, 100, undefined);
          continue;
        }
        socket.write('CONNECT {"verbose":false,"pedantic":false,"name":"hostile"}\r\n');
        while (!signal.aborted && !socket.destroyed) {
          counts.add("messages", MESSAGES_AT_ONCE);
          if (!socket.write(batch)) await drained(socket);
          await sleep(systemClock, 0, undefined);
        }
        socket.destroy();
      }
    };
    return { counters: () => counts.all(), ended: attack() };
  },
  async check({ credentials }, counters) {
    if ((counters.messages ?? 0) === 0) return [];
    const metrics = await (await fetch(`${credentials.baseUrl}/metrics`)).text();
    const dropped = (reason: string) =>
      Number(
        new RegExp(`^halligan_bus_messages_dropped_total\\{reason="${reason}"\\} (\\S+)$`, "m").exec(metrics)?.[1] ?? 0,
      );
    return ["malformed", "tooMany"].flatMap((reason) =>
      dropped(reason) > 0 ? [] : [`no message was counted as ${reason}`],
    );
  },
};

/** One text of many messages: one write of the attacker. */
function messages(subject: string, machineIds: readonly string[]): Buffer {
  const publish = (name: string, payload: string) =>
    `PUB ${subject}.${name} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`;
  const texts = Array.from({ length: MESSAGES_AT_ONCE }, (_, n) => {
    const machineId = machineIds[n % machineIds.length];
    if (n % 10 === 0) return publish("wake", "[".repeat(n));
    if (n % 3 === 0) {
      return publish("taken", JSON.stringify({ machineId, linkEpoch: 2 ** 40, journalId: "x", processId: null }));
    }
    return publish("wake", JSON.stringify({ machineId }));
  });
  return Buffer.from(texts.join(""));
}

function connected(signal: AbortSignal): Promise<Socket | null> {
  const { hostname, port } = new URL(BUS_URL);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    socket.on("data", (chunk) => {
      if (chunk.includes("PING")) socket.write("PONG\r\n");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(null));
    socket.once("connect", () => resolve(socket));
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", () => resolve());
    socket.once("close", () => resolve());
  });
}
