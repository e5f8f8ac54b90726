import { readFile } from "node:fs/promises";
import { writeSelfMadeCertificate } from "@halligan/dev/testing";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Bench, BenchContext } from "../bench.ts";
import type { Measured } from "../figure.ts";
import { FleetProcess } from "../fleet/fleet-process.ts";
import { BenchServer, type ServerOptions } from "../processes/server.ts";
import { hasProcessFiles, processorMs, residentBytes } from "../processes/usage.ts";

const FLEETS = 2;
/** Descriptors of the server in addition to its agent connections. */
const OTHER_DESCRIPTORS = 300;
/**
 * After the last connection: the garbage collector frees the buffers of the handshakes, and the
 * first pings end.
 */
const SETTLE_MS = 3_000;
/** Thundering herd: more than this share of all devices back within one tenth of a second. */
const HERD_WINDOW_MS = 100;

/**
 * Idle devices: the agent core over real WebSockets, in other processes. They send pings at the
 * interval that the server sets.
 *
 * Measured, over plain HTTP and over TLS: the server's resident memory per connection (the increase
 * after a fresh start, divided by the connections), its processor time while only heartbeats
 * arrive, and the time after a restart until the last device has reconnected. That time begins when
 * the new process listens. Also printed: the largest number of devices that reconnected within a
 * tenth of a second, as a share of all.
 *
 * Not measured: the devices' own memory. TLS is the server's own, as with HALLIGAN_TLS_CERT_FILE.
 */
export const idle: Bench = {
  name: "idle",
  about: "10,000 idle devices: memory, processor use, return after a restart; plain and TLS",
  async run(context) {
    if (!hasProcessFiles) {
      context.note("left out: memory and processor time of a process are read from /proc, which this system has not");
      return [];
    }
    const devices = await affordableDevices(context, context.quick ? 20 : 10_000);
    const tls = await writeSelfMadeCertificate(context.folder);
    // TLS takes the same path and does more work.
    const plain = context.quick ? [] : await measure(context, "plain", devices, {});
    return [...plain, ...(await measure(context, "TLS", devices, { tls }))];
  },
};

async function affordableDevices(context: BenchContext, wanted: number): Promise<number> {
  const limits = await readFile("/proc/self/limits", "latin1");
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const affordable = Math.min(wanted, files - OTHER_DESCRIPTORS);
  if (affordable < wanted) context.note(`ulimit -n is ${files}: ${affordable} devices instead of ${wanted}`);
  return affordable;
}

async function measure(
  context: BenchContext,
  kind: "plain" | "TLS",
  devices: number,
  options: ServerOptions,
): Promise<Measured[]> {
  const watchMs = context.quick ? 300 : 20_000;
  await using server = await BenchServer.start(context, { ...options, folderName: kind });
  using api = await server.signIn(2);
  await using owner = new AsyncDisposableStack();
  const fleets = Array.from({ length: FLEETS }, (_, i) => owner.use(new FleetProcess(`idle-${kind}-${i + 1}`)));
  await Promise.all(fleets.map((fleet) => fleet.enroll(api, devices / FLEETS, [server.baseUrl], { ca: server.ca })));
  // Memory that the enrollments left in the heap would hide the memory of the connections.
  await server.stop();
  await server.startAgain();
  await sleep(systemClock, context.quick ? 0 : SETTLE_MS, context.signal);
  const emptyBytes = await residentBytes(server.pid);
  const linkedMs = Math.max(...(await Promise.all(fleets.map((fleet) => fleet.link()))));
  context.note(`${kind}: ${devices} devices linked in ${Math.round(linkedMs)} ms`);
  await sleep(systemClock, context.quick ? 0 : SETTLE_MS, context.signal);
  const fullBytes = await residentBytes(server.pid);
  const begunMs = performance.now();
  const usedBeforeMs = await processorMs(server.pid);
  await sleep(systemClock, watchMs, context.signal);
  const usedMs = (await processorMs(server.pid)) - usedBeforeMs;
  const percent = (usedMs * 100) / (performance.now() - begunMs);

  const returns = Promise.all(fleets.map((fleet) => fleet.awaitReturn()));
  returns.catch(() => undefined);
  await server.stop();
  await server.startAgain();
  const listeningAtMs = Date.now();
  const returnedMs = (await returns).flat().map((atMs) => atMs - listeningAtMs);
  return [
    {
      figure: `${kind}: server memory a device`,
      value: (fullBytes - emptyBytes) / devices / 1_000,
      unit: "KB",
      goals: [{ kind: "atMost", limit: 40 }],
    },
    { figure: `${kind}: processor use`, value: percent, unit: "%", goals: [{ kind: "below", limit: 5 }] },
    {
      figure: `${kind}: all back after a restart`,
      value: Math.max(...returnedMs) / 1_000,
      unit: "s",
      goals: [{ kind: "atMost", limit: 20 }],
    },
    { figure: `${kind}: most back within 0.1 s`, value: (mostWithin(returnedMs) * 100) / devices, unit: "%" },
  ];
}

function mostWithin(returnedMs: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const ms of returnedMs) {
    const window = Math.floor(ms / HERD_WINDOW_MS);
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}
