import { createHash } from "node:crypto";
import {
  orderFilePath,
  PART_BYTES,
  PART_SHA256_HEADER,
  resultCompletePath,
  resultPartPath,
} from "@halligan/protocol/link";
import { report } from "../frames.ts";
import type { FuzzContext } from "../fuzz-context.ts";
import { mutated } from "../mutate.ts";
import { inUrl, strangeText } from "../strange-values.ts";
import { openConnection, readyConnection, takeOrder } from "./accepted-connection.ts";
import { requestBytes, sendRaw } from "./raw-requests.ts";

/**
 * Uploads and downloads with false sizes, hashes, part numbers, orders and tickets.
 */
export async function attackTransfers(context: FuzzContext): Promise<void> {
  const { random, device, baseUrl, others } = context;
  await using link = openConnection(context);
  const ticket = await readyConnection(context, link);
  if (ticket === null) return;
  await takeOrder(context, link, device);
  const uploadId = random.hex(32);
  for (let batch = random.between(1, 4); batch > 0; batch -= 1) {
    const requests = Array.from({ length: random.between(1, 4) }, () => transfer(context, ticket, uploadId));
    await sendRaw(baseUrl, requests, context.requests);
  }
  if (random.chance(0.3)) await upload(context, ticket, uploadId);
  for (let i = random.between(0, 5); i > 0 && link.isOpen; i -= 1) {
    await link.text(JSON.stringify(report(device, random, others())));
  }
}

function transfer(context: FuzzContext, ticket: string, uploadId: string): Buffer {
  const { random, baseUrl } = context;
  const host = new URL(baseUrl).host;
  const headers = [`Authorization: Ticket ${someTicket(context, ticket)}`];
  const actionId = someActionId(context);
  const index = random.pick([0, 1, 2, 3, 999]);
  const id = random.pick([
    uploadId,
    uploadId,
    random.hex(32),
    random.hex(31),
    inUrl(strangeText(random).slice(0, 500)),
  ]);
  const lengthOff = random.chance(0.1) ? random.pick([-1, 1, 1_000]) : 0;
  switch (random.between(0, 4)) {
    case 0:
      return requestBytes(host, "GET", orderFilePath(actionId, random.pick([random.hex(64), "..%2f..%2flock"])), {
        headers,
      });
    case 1:
    case 2: {
      const body = random.bytes(random.pick([0, 1, 100, 3_000]));
      const sha256 = random.chance(0.6) ? sha256Of(body) : random.pick([random.hex(64), "x", ""]);
      const part = random.pick([0, 0, 0, 1, 2, 500, 999_999, 1_000_000, -1]);
      const target = resultPartPath(actionId, index, id, part);
      return requestBytes(host, "PUT", target, {
        headers: [...headers, `${PART_SHA256_HEADER}: ${sha256}`],
        body,
        lengthOff,
      });
    }
    default: {
      const whole = {
        partCount: random.pick([1, 2, 1_000_000]),
        sizeBytes: random.pick([0, 1, 100, PART_BYTES, Number.MAX_SAFE_INTEGER]),
        sha256: random.hex(64),
      };
      const body = random.chance(0.5) ? mutated(whole, random) : JSON.stringify(whole);
      return requestBytes(host, "POST", resultCompletePath(actionId, index, id), { headers, body, lengthOff });
    }
  }
}

/** One valid upload, so that later requests of the attack find a complete result. */
async function upload(context: FuzzContext, ticket: string, uploadId: string): Promise<void> {
  const { random, baseUrl, device } = context;
  if (!device.order) return;
  const host = new URL(baseUrl).host;
  const authorization = `Authorization: Ticket ${ticket}`;
  const content = random.bytes(1_000);
  const sha256 = sha256Of(content);
  const headers = [authorization, `${PART_SHA256_HEADER}: ${sha256}`];
  const { actionId } = device.order;
  const whole = JSON.stringify({ partCount: 1, sizeBytes: content.length, sha256 });
  const put = requestBytes(host, "PUT", resultPartPath(actionId, 1, uploadId, 0), { headers, body: content });
  const complete = resultCompletePath(actionId, 1, uploadId);
  await sendRaw(baseUrl, [put], context.requests);
  await sendRaw(
    baseUrl,
    [1, 2, 3].map(() => requestBytes(host, "POST", complete, { headers: [authorization], body: whole })),
    context.requests,
  );
}

/** Its own, one of an older link, another device's, a changed one, or none at all. */
function someTicket({ random, tickets, otherMachineIds }: FuzzContext, own: string): string {
  if (random.chance(0.5)) return own;
  const other = random.pickAny(tickets) ?? own;
  const [version = "", machineId = "", epoch = "", signature = ""] = other.split(".");
  return random.pick([
    other,
    [version, random.pickAny(otherMachineIds) ?? machineId, epoch, signature].join("."),
    [version, machineId, String(Number(epoch) + 1), signature].join("."),
    [version, machineId, epoch, signature.slice(1)].join("."),
    random.hex(500),
    "",
  ]);
}

function someActionId({ random, device, others }: FuzzContext): string {
  if (device.order && random.chance(0.6)) return device.order.actionId;
  const other = random.pickAny(others());
  return random.pick([other?.actionId ?? random.guid(), random.guid(), inUrl(strangeText(random).slice(0, 500))]);
}

const sha256Of = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
