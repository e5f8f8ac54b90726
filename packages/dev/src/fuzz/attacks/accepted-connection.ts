import type { RunLiveResponseRequest } from "@halligan/protocol/api";
import { ApiError } from "@halligan/protocol/client";
import { SEALED_SINCE_VERSION } from "@halligan/protocol/link";
import type { DeviceHandshake } from "@halligan/protocol/link-crypto";
import { hello } from "../frames.ts";
import { FuzzConnection } from "../fuzz-connection.ts";
import { type FuzzContext, remember } from "../fuzz-context.ts";
import type { HostileDevice } from "../hostile-device.ts";

export function openConnection({ linkUrl, count, signal }: FuzzContext): FuzzConnection {
  return new FuzzConnection(linkUrl, count, signal);
}

/** Up to the welcome: null when the server closed it before. Remembers what can be replayed. */
export async function welcomed(
  context: FuzzContext,
  link: FuzzConnection,
  device = context.device,
): Promise<string | null> {
  const challenge = await link.challenge();
  if (!challenge) return null;
  const handshake = device.handshake(challenge);
  remember(context.answers, handshake.answer);
  await link.binary(handshake.answer);
  const ticket = await ticketOf(link, device, handshake);
  if (ticket !== null) remember(context.tickets, ticket);
  return ticket;
}

async function ticketOf(
  link: FuzzConnection,
  device: HostileDevice,
  handshake: DeviceHandshake,
): Promise<string | null> {
  if (device.version < SEALED_SINCE_VERSION) return (await link.frame("welcome"))?.ticket ?? null;
  const welcome = await link.frame("signedWelcome");
  if (!welcome) return null;
  const opened = handshake.open(welcome, device.serverKey);
  if (!opened) throw new Error("the server did not prove itself to a device that it has enrolled");
  link.seal(opened.keys);
  return opened.content.ticket;
}

/**
 * Up to the hello's answer: the ticket of a link that is ready, or null. Takes the order that may
 * come with it.
 */
export async function readyConnection(
  context: FuzzContext,
  link: FuzzConnection,
  device = context.device,
): Promise<string | null> {
  const ticket = await welcomed(context, link, device);
  if (ticket === null) return null;
  await link.text(JSON.stringify(hello(device, context.random, context.others())));
  return (await link.frame("helloAnswer")) ? ticket : null;
}

/**
 * Lets the server send this device an order, over a ready link; an unfinished action of before is
 * cancelled.
 */
export async function takeOrder(context: FuzzContext, link: FuzzConnection, device: HostileDevice): Promise<void> {
  const { client } = context;
  const unfinished = await client.listMachineActions({
    filter: `machineId eq '${device.machineId}' and (status eq 'Pending' or status eq 'InProgress')`,
  });
  // A device that never confirms the end of an order gets no further order. This one confirms it.
  for (const { id } of unfinished) await client.cancelMachineAction(id, "fuzz");
  if (device.order) await link.text(JSON.stringify({ type: "closed", ...device.order, errors: [] }));
  const request: RunLiveResponseRequest = {
    Commands: [
      { type: "PutFile", params: [{ key: "FileName", value: FILE_NAME }] },
      { type: "RunScript", params: [{ key: "ScriptName", value: FILE_NAME }] },
      { type: "GetFile", params: [{ key: "Path", value: "x" }] },
    ],
    Comment: "fuzz",
  };
  try {
    await client.runLiveResponse(device.machineId, request);
  } catch (cause) {
    // The machine facts of its last hello may name a system without live response.
    if (cause instanceof ApiError) return;
    throw cause;
  }
  const frame = await link.frame("order");
  if (!frame) return;
  const order: unknown = JSON.parse(frame.payload);
  if (typeof order !== "object" || order === null || !("actionId" in order) || !("orderSeq" in order)) return;
  device.order = { actionId: String(order.actionId), orderSeq: Number(order.orderSeq) };
}

/** The library file that every order to an attacker names. */
export const FILE_NAME = "fuzz.sh";
