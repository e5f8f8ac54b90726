import { sleep, systemClock } from "@halligan/protocol/time";
import type { Attack } from "../attack.ts";
import { Counts, enrollHostile, HostileMachine, type KnownOrder } from "./hostile-machine.ts";

/**
 * The bound of one GetFile with these settings is 4 s; every deadline waits for another minute of a
 * steady clock.
 */
const SETTINGS = {
  HALLIGAN_RUNNING_SESSIONS: "10",
  HALLIGAN_ORDER_ACCEPTANCE_MS: "2000",
  HALLIGAN_TRANSFER_TIMEOUT_MS: "2000",
  HALLIGAN_SESSION_PLACE_GRACE_MS: "0",
  HALLIGAN_ACTION_GRACE_MS: "0",
};
const FINAL_WITHIN_MS = 90_000;
/** A trial that is shorter only shows that others are unharmed. */
const LONG_TRIAL_MS = 8_000;

export const neverEnding: Attack = {
  name: "never-ending",
  point: 4,
  title: "One enrolled device starts its command, pings and reconnects, and never ends it",
  settings: SETTINGS,
  async prepare(world) {
    const given = await enrollHostile(world);
    const request = {
      Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/evidence" }] }],
      Comment: "hostile",
    };
    const { id } = await world.client.runLiveResponse(given.machineId ?? "", request);
    return { ...given, actionId: id };
  },
  async start(target, signal) {
    const counts = new Counts();
    const machine = new HostileMachine(target);
    const begunMs = performance.now();
    const attack = async () => {
      let known: KnownOrder | null = null;
      while (!signal.aborted) {
        const taken = await machine.takeOrder(known ? [known] : []);
        counts.add(taken ? "connections" : "refused");
        if (!taken) {
          await sleep(systemClock, 200, undefined);
          continue;
        }
        const { connection, order } = taken;
        known = order;
        for (let pings = 0; pings < 500 && connection.end === null && !signal.aborted; pings += 1) {
          connection.send({ type: "started", ...order, index: 0, startId: "e".repeat(32) });
          connection.send({ type: "ping" });
          counts.add("frames", 2);
          await sleep(systemClock, 2, undefined);
        }
        connection.socket.terminate();
      }
    };
    const ended = attack();
    const counters = () => ({ ...counts.all(), attackedMs: Math.round(performance.now() - begunMs) });
    return { counters, ended };
  },
  async check({ client }, counters) {
    const hostile = (await client.listMachineActions()).find(({ requestorComment }) => requestorComment === "hostile");
    if (!hostile) return ["the attacker's action is gone"];
    if ((counters.attackedMs ?? 0) < LONG_TRIAL_MS) return [];
    const untilMs = performance.now() + FINAL_WITHIN_MS;
    let { status } = hostile;
    while (status === "InProgress" && performance.now() < untilMs) {
      await sleep(systemClock, 500, undefined);
      ({ status } = await client.getMachineAction(hostile.id));
    }
    return status === "TimeOut" ? [] : [`the attacker's action is ${status}`];
  },
};
