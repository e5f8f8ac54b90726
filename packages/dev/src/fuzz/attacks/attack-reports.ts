import { harmless, report } from "../frames.ts";
import type { FuzzContext } from "../fuzz-context.ts";
import { mutated } from "../mutate.ts";
import { openConnection, readyConnection, takeOrder } from "./accepted-connection.ts";

/** Frames that may wait on a connection, with a margin for a busy event loop. */
const BURST = 150;

/**
 * A ready connection that sends many frames without effect and then false reports, until the server
 * closes it.
 */
export async function attackReports(context: FuzzContext): Promise<void> {
  const { random, device, others } = context;
  await using link = openConnection(context);
  if ((await readyConnection(context, link)) === null) return;
  if (random.chance(0.1)) await takeOrder(context, link, device);
  for (let burst = random.between(0, 1); burst > 0 && link.isOpen; burst -= 1) {
    const pongs = link.pongs;
    for (let i = random.between(1, 40); i > 0; i -= 1) await link.text(JSON.stringify(harmless(random)));
    await link.text('{"type":"ping"}');
    await link.until(() => link.pongs > pongs);
  }
  for (let i = random.between(1, 10); i > 0 && link.isOpen; i -= 1) {
    const frame = random.chance(0.1) ? harmless(random) : report(device, random, others());
    await link.text(random.chance(0.3) ? mutated(frame, random) : JSON.stringify(frame));
  }
  if (random.chance(0.1)) await link.ended();
}

/**
 * Heartbeats in bursts that the server bounds: within the bound all are answered. Sometimes far
 * more at once than it takes.
 */
export async function flood(context: FuzzContext): Promise<void> {
  const { random } = context;
  await using link = openConnection(context);
  if ((await readyConnection(context, link)) === null) return;
  for (let burst = random.between(3, 8); burst > 0 && link.isOpen && !context.signal.aborted; burst -= 1) {
    const wanted = link.pongs + BURST;
    for (let i = 0; i < BURST; i += 1) await link.text('{"type":"ping"}');
    await link.until(() => link.pongs >= wanted);
  }
  if (random.chance(0.1)) {
    for (let i = 0; i < 3_000; i += 1) await link.text('{"type":"ping"}');
    await link.ended();
  }
}

/**
 * Two connections with one key. The newer one replaces the older one, whose frames and ticket are
 * then refused.
 */
export async function attackAsTwins(context: FuzzContext): Promise<void> {
  const { random, device, others } = context;
  await using older = openConnection(context);
  if ((await readyConnection(context, older)) === null) return;
  await using newer = openConnection(context);
  const isSecondDevice = random.chance(0.02);
  const journalId = device.journalId;
  if (isSecondDevice) device.journalId = random.hex(32);
  const opening = readyConnection(context, newer);
  for (let i = 0; i < 20 && older.isOpen; i += 1) {
    await older.text(JSON.stringify(random.chance(0.5) ? report(device, random, others()) : { type: "ping" }));
  }
  await opening;
  device.journalId = journalId;
  for (let i = 0; i < 5 && newer.isOpen; i += 1) await newer.text(JSON.stringify(report(device, random, others())));
  if (isSecondDevice) context.device = await context.enrollAnew();
}
