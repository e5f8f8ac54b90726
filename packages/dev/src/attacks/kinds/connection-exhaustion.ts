import { sleep, systemClock } from "@halligan/protocol/time";
import type { Attack, AttackTarget } from "../attack.ts";
import { Counts, enrollHostile, HostileConnection, HostileMachine } from "./hostile-machine.ts";

const WORKERS = 16;
/**
 * Connections that the attacker keeps open; beyond, it ends its oldest, as it has a limit of
 * descriptors too.
 */
const KEPT = 4_000;
const PING_INTERVAL_MS = 200;

export const connectionExhaustion: Attack = {
  name: "connection-exhaustion",
  point: 2,
  title: "One enrolled device takes connection after connection, says no hello and pings; others prove no key",
  prepare: enrollHostile,
  async start(target, signal) {
    const counts = new Counts();
    const open = new Set<HostileConnection>();
    const machine = new HostileMachine(target);
    const keep = (connection: HostileConnection) => {
      open.add(connection);
      connection.socket.once("close", () => open.delete(connection));
      const [oldest] = open;
      if (open.size > KEPT) oldest?.socket.terminate();
    };
    const worker = async (n: number) => {
      while (!signal.aborted) {
        const connection = n % 2 === 0 ? await machine.handshake() : await silent(target);
        counts.add("connections");
        counts.add(connection.end ?? (connection.has("welcome") ? "welcomed" : "challenged"));
        if (connection.end === null) keep(connection);
        else await sleep(systemClock, 1, undefined);
      }
    };
    const pings = (async () => {
      while (!signal.aborted) {
        for (const connection of open) if (connection.has("welcome")) connection.send({ type: "ping" });
        counts.add("pings", open.size);
        await sleep(systemClock, PING_INTERVAL_MS, undefined);
      }
    })();
    const workers = Array.from({ length: WORKERS }, (_, n) => worker(n));
    signal.addEventListener("abort", () => {
      for (const { socket } of open) socket.terminate();
    });
    return { counters: () => counts.all(), ended: Promise.all([pings, ...workers]).then(() => undefined) };
  },
};

/** It never answers the challenge. */
async function silent(target: AttackTarget): Promise<HostileConnection> {
  const connection = new HostileConnection(target);
  await connection.until(() => connection.challenge !== null);
  return connection;
}
