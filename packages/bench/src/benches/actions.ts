import type { Bench } from "../bench.ts";
import { FleetProcess } from "../fleet/fleet-process.ts";
import { StoreOnly } from "../floors/store-only-process.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript } from "../processes/trivial-script.ts";
import { hasProcessFiles, processorMs } from "../processes/usage.ts";

/**
 * A thousand simulated devices in another process, each with a caller that starts the next action as soon as the last one is final.
 *
 * Measured: whole actions a second: create (a POST over HTTP), claim, start, result, final, each step durable on the server before it is
 * answered, over real HTTP and WebSocket, every order signed by the server and verified by the device, which is the real agent's core. Afterwards
 * the server is asked how many Succeeded: all of them, or the measurement is not sound.
 *
 * Not measured: processes on the devices, the fetching of the script and the devices' own disks (their journals are in memory: elsewhere each
 * has its own). A caller learns of the end from its device, which was told after the commit: polling is not part of the figure. Devices and
 * callers take their processor time from the same cores as the server. Beside it: the use cases alone on the same store, in one process, with
 * nothing around them.
 */
export const actions: Bench = {
  name: "actions",
  about: "whole actions a second: 1,000 simulated devices over HTTP and WebSocket",
  async run(context) {
    const [devices, warmUpMs, measureMs] = context.quick ? [10, 100, 300] : [1_000, 3_000, 10_000];
    await using server = await BenchServer.start(context);
    using api = await server.signIn(2);
    await addTrivialScript(server, context.folder);
    await using fleet = new FleetProcess("fleet");
    await fleet.enroll(api, devices, [server.baseUrl]);
    context.note(`${devices} devices linked in ${Math.round(await fleet.link())} ms`);
    const before = hasProcessFiles ? await processorMs(server.pid) : 0;
    const worked = await fleet.work(warmUpMs, measureMs);
    const usedMs = hasProcessFiles ? (await processorMs(server.pid)) - before : 0;
    const succeeded = await api.countActions("status eq 'Succeeded'");
    if (succeeded !== worked.accepted || worked.ended !== worked.accepted) {
      throw new Error(`${worked.accepted} actions were accepted, ${succeeded} Succeeded: the others are lost`);
    }
    await server.stop();

    await using store = new StoreOnly(server.dataDir);
    const storeOnly = await store.run(context.quick ? 50 : 20_000);
    const perSecond = (worked.measured * 1_000) / worked.measuredMs;
    return [
      { figure: "embedded store", value: perSecond, unit: "/s", floor: storeOnly, goals: [{ atLeast: 2_000 }] },
      { figure: "p50 of one action", value: worked.p50Ms, unit: "ms" },
      { figure: "p99 of one action", value: worked.p99Ms, unit: "ms" },
      ...(hasProcessFiles
        ? [{ figure: "server processor time an action", value: usedMs / worked.accepted, unit: "ms" as const }]
        : []),
      { figure: "store only", value: storeOnly, unit: "/s" },
    ];
  },
};
