import { createHash, randomBytes } from "node:crypto";
import { PART_BYTES } from "@halligan/protocol/link";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Attack } from "../attack.ts";
import { Counts, enrollHostile, HostileMachine, type TakenOrder } from "./hostile-machine.ts";

const WORKERS = 4;
const COMMANDS = 4;
const MIB = 1024 ** 2;
const QUOTA_MIB = 96;
/** What a part that was begun before the quota was reached may still add. */
const SLACK_MIB = 16;

export const diskFilling: Attack = {
  name: "disk-filling",
  point: 3,
  title: "One enrolled device uploads part after part under new upload ids",
  settings: { HALLIGAN_MACHINE_RESULTS_LIMIT_BYTES: String(QUOTA_MIB * MIB) },
  async prepare(world) {
    const given = await enrollHostile(world);
    const Commands = Array.from({ length: COMMANDS }, (_, n) => ({
      type: "GetFile" as const,
      params: [{ key: "Path", value: `/evidence${n}` }],
    }));
    const { id } = await world.client.runLiveResponse(given.machineId ?? "", { Commands, Comment: "hostile" });
    return { ...given, actionId: id };
  },
  async start(target, signal) {
    const counts = new Counts();
    const machine = new HostileMachine(target);
    const bytes = randomBytes(PART_BYTES);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const state: { taken: TakenOrder | null } = { taken: null };
    const connect = async () => {
      const { taken } = state;
      if (taken && taken.connection.end === null) return;
      state.taken = await machine.takeOrder(taken ? [taken.order] : []);
      const { order, connection } = state.taken ?? {};
      if (order) connection?.send({ type: "started", ...order, index: 0, startId: "e".repeat(32) });
    };
    const worker = async (n: number) => {
      for (let upload = 0; !signal.aborted; upload += 1) {
        if (n === 0) await connect();
        const { taken } = state;
        if (!taken) {
          await sleep(systemClock, 10, undefined);
          continue;
        }
        const { actionId } = taken.order;
        const uploadId = createHash("md5").update(`${n} ${upload}`).digest("hex");
        const index = upload % COMMANDS;
        const status = await machine.putPart(
          taken.ticket,
          { actionId, index, uploadId, part: upload % 64, bytes, sha256 },
          signal,
        );
        counts.add("parts");
        counts.add(status === null ? "lost" : `status${status}`);
      }
    };
    const ended = Promise.all(Array.from({ length: WORKERS }, (_, n) => worker(n))).then(() => {
      state.taken?.connection.socket.terminate();
    });
    return { counters: () => counts.all(), ended };
  },
  async check({ client, credentials }, counters) {
    const wrong: string[] = [];
    if ((counters.status507 ?? 0) === 0) wrong.push("the attacker was never refused with 507");
    const metrics = await (await fetch(`${credentials.baseUrl}/metrics`)).text();
    const kept = Number(/^halligan_results_bytes (\S+)$/m.exec(metrics)?.[1] ?? Number.NaN) / MIB;
    if (!(kept <= QUOTA_MIB + SLACK_MIB))
      wrong.push(`results take ${kept} MiB; one machine's quota is ${QUOTA_MIB} MiB`);
    const hostile = (await client.listMachineActions()).find(({ requestorComment }) => requestorComment === "hostile");
    const cancelled = hostile && (await client.cancelMachineAction(hostile.id, "enough"));
    if (cancelled?.status !== "Cancelled") wrong.push("the attacker's action could not be cancelled");
    return wrong;
  },
};
