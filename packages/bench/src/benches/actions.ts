import { StoreOnly } from "../baselines/store-only-process.ts";
import type { Bench } from "../bench.ts";
import { FleetProcess } from "../fleet/fleet-process.ts";
import { BenchServer } from "../processes/server.ts";
import { addTrivialScript } from "../processes/trivial-script.ts";
import { hasProcessFiles, processorMs } from "../processes/usage.ts";

/**
 * A thousand simulated devices in another process. Each has a caller that starts the next action as
 * soon as the last one is final.
 *
 * Measured: complete actions per second: create (a POST over HTTP), claim, start, result, final.
 * Each step is durable on the server before its response. HTTP and WebSocket are real. The server
 * signs every order, and the device, which is the real agent core, verifies it. Afterwards, the
 * server reports how many actions Succeeded. The measurement is only valid if all of them did.
 *
 * Not measured: processes on the devices, the download of the script, and the devices' disks. The
 * journals are in memory, because in production each device has its own disk. A caller learns of
 * the end from its device, which receives the acknowledgement after the commit, so polling is not
 * part of the figure. Devices and callers share the cores of the server. For comparison, the bench
 * also runs only the use cases on the same store, in one process.
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
      {
        figure: "embedded store",
        value: perSecond,
        unit: "/s",
        baseline: storeOnly,
        goals: [{ kind: "atLeast", limit: 2_000 }],
      },
      { figure: "p50 of one action", value: worked.p50Ms, unit: "ms" },
      { figure: "p99 of one action", value: worked.p99Ms, unit: "ms" },
      ...(hasProcessFiles
        ? [{ figure: "server processor time an action", value: usedMs / worked.accepted, unit: "ms" as const }]
        : []),
      { figure: "store only", value: storeOnly, unit: "/s" },
    ];
  },
};
