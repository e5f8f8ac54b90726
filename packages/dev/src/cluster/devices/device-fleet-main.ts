/**
 * A process of simulated devices. It reads its task as JSON from its standard input and works until
 * it is stopped.
 */
import { text } from "node:stream/consumers";
import type { Log, ServerConnection } from "@halligan/agent/simulation";
import { ENROLL_PATH, type EnrollRequest, EnrollResponse } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { random } from "../../devices/device-ports.ts";
import { SimulatedDevice } from "../../devices/simulated-device.ts";
import { wsNet } from "../../devices/ws-net.ts";
import { type FleetMessage, FleetSettings } from "./device-fleet-messages.ts";
import { lineRunner } from "./line-runner.ts";

const ENROLL_AT_ONCE = 16;
/**
 * Backoffs are a tenth of the product's: a fleet reconnects within three seconds instead of thirty.
 * This makes the wave harder for the server and the run shorter.
 */
const IMPATIENT = { ...random, fraction: () => random.fraction() / 10 };

const stopped = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
const order = Value.Parse(FleetSettings, JSON.parse(await text(process.stdin)));
const { baseUrl, linesFile } = order;
await using owner = new AsyncDisposableStack();
const devices: SimulatedDevice[] = [];
let next = 0;
const enrollSome = async () => {
  while (next < order.devices) {
    const device = await SimulatedDevice.enroll(askToEnroll, `${order.namePrefix}-${next++}`, order.enrollmentToken);
    devices.push(owner.use(device));
  }
};
await Promise.all(Array.from({ length: ENROLL_AT_ONCE }, enrollSome));
say({ word: "enrolled", machineIds: devices.map(({ machineId }) => machineId) });
const linked = devices.map(
  (device) =>
    new Promise<void>((resolve) => {
      device.onUp = resolve;
      const log = logOf(device.machineId);
      const runner = (serverConnection: ServerConnection) =>
        lineRunner({ serverConnection, log, serverUrl: baseUrl, linesFile });
      device.connect({ net: wsNet(baseUrl, null), log, random: IMPATIENT, runner });
    }),
);
await Promise.race([Promise.all(linked), stopped]);
say({ word: "linked" });
await stopped;

async function askToEnroll(request: EnrollRequest): Promise<EnrollResponse> {
  const response = await fetch(`${baseUrl}${ENROLL_PATH}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  if (response.status !== 200) throw new Error(`enrolling was answered ${response.status}: ${await response.text()}`);
  return Value.Parse(EnrollResponse, await response.json());
}

function say(word: FleetMessage): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

function logOf(machineId: string): Log {
  const line = (level: string) => (event: string, fields?: Parameters<Log["info"]>[1]) =>
    process.stdout.write(`${JSON.stringify({ level, event, machineId, ...fields })}\n`);
  return { info: line("info"), warn: line("warn"), error: line("error") };
}
