import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { createClient } from "@halligan/protocol/client";
import { PART_BYTES } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { World } from "../../../src/world.ts";
import { SlowDevice } from "./slow-device.ts";

/** A GetFile that is downloaded while its device still sends it. The device is part of the test. */
const WAIT = { waitMs: 20_000 };

let world: World;
before(async () => {
  world = await World.start({ agents: 0, settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
});
after(() => world[Symbol.asyncDispose]());

const whole = randomBytes(2 * PART_BYTES + 5_000);
const partOf = (part: number) => new Uint8Array(whole.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));

/** What a client reads of one response. */
class Reading {
  readonly transferId: string;
  /** Null when the body ended, otherwise why it did not. */
  readonly ended: Promise<unknown>;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(response: Response) {
    this.transferId = response.headers.get("etag")?.replaceAll('"', "") ?? "";
    this.ended = this.#read(response).then(
      () => null,
      (error: unknown) => error,
    );
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async has(sizeBytes: number): Promise<void> {
    await until(() => this.#sizeBytes >= sizeBytes, `${sizeBytes} bytes have arrived`);
  }

  async #read({ body }: Response): Promise<void> {
    for await (const chunk of body ?? []) {
      this.#chunks.push(chunk);
      this.#sizeBytes += chunk.length;
    }
  }
}

test("the first bytes are read before the device has sent the last ones, and the end comes after the completion", async () => {
  using device = await SlowDevice.start(world);
  const opening = world.client.downloadCommandFile(device.actionId, 0, WAIT);
  assert.equal(await device.sendPart(0, partOf(0)), 204);
  const reading = new Reading(await opening);
  await reading.has(PART_BYTES);
  assert.equal(await device.sendPart(1, partOf(1)), 204);
  await reading.has(2 * PART_BYTES);
  assert.equal(await device.sendPart(2, partOf(2)), 204);
  await reading.has(whole.length);
  assert.equal(await device.complete(whole), 204);
  assert.equal(await reading.ended, null);
  assert.ok(reading.bytes.equals(whole));
});

test("a download that was cut goes on where it was, also after the server was killed", async () => {
  using device = await SlowDevice.start(world);
  await device.sendPart(0, partOf(0));
  const first = new Reading(await world.client.downloadCommandFile(device.actionId, 0, WAIT));
  await first.has(PART_BYTES);
  await world.server.kill("SIGKILL");
  assert.notEqual(await first.ended, null);
  await world.startServer();
  const resume = { fromBytes: PART_BYTES, transferId: first.transferId };
  const opening = world.client.downloadCommandFile(device.actionId, 0, { ...WAIT, resume });
  assert.equal(await device.sendPart(1, partOf(1)), 204);
  assert.equal(await device.sendPart(2, partOf(2)), 204);
  assert.equal(await device.complete(whole), 204);
  const second = new Reading(await opening);
  assert.equal(await second.ended, null);
  assert.ok(Buffer.concat([first.bytes, second.bytes]).equals(whole));
});

test("a cancelled action, and a device that begins again, cut the download without an end", async () => {
  using device = await SlowDevice.start(world);
  await device.sendPart(0, partOf(0));
  const first = new Reading(await world.client.downloadCommandFile(device.actionId, 0, WAIT));
  await first.has(PART_BYTES);
  device.beginAgain();
  await device.sendPart(0, partOf(1));
  assert.notEqual(await first.ended, null);
  const resume = { fromBytes: PART_BYTES, transferId: first.transferId };
  await assert.rejects(world.client.downloadCommandFile(device.actionId, 0, { ...WAIT, resume }), {
    status: 409,
    code: "TransferChanged",
  });
  const second = new Reading(await world.client.downloadCommandFile(device.actionId, 0, WAIT));
  await second.has(PART_BYTES);
  assert.ok(second.bytes.equals(partOf(1)));
  await world.client.cancelMachineAction(device.actionId, "no longer needed");
  assert.notEqual(await second.ended, null);
  await assert.rejects(world.client.downloadCommandFile(device.actionId, 0, WAIT), { status: 404 });
});

test("a reader that takes nothing does not delay the upload, and readers are bounded", async () => {
  using device = await SlowDevice.start(world);
  await device.sendPart(0, partOf(0));
  const idle = await Promise.all(
    Array.from({ length: 64 }, () => world.client.downloadCommandFile(device.actionId, 0, WAIT)),
  );
  const { credentials } = world;
  const impatient = createClient({ baseUrl: credentials.baseUrl, credentials, maxRetryWaitMs: 0 });
  await assert.rejects(impatient.downloadCommandFile(device.actionId, 0, WAIT), { status: 429 });
  assert.equal(await device.sendPart(1, partOf(1)), 204);
  assert.equal(await device.sendPart(2, partOf(2)), 204);
  assert.equal(await device.complete(whole), 204);
  const [one, ...others] = idle;
  for (const { body } of others) await body?.cancel();
  assert.ok(one);
  const reading = new Reading(one);
  assert.equal(await reading.ended, null);
  assert.ok(reading.bytes.equals(whole));
});

test("nothing has arrived yet, and options that are wrong", async () => {
  using device = await SlowDevice.start(world);
  await assert.rejects(world.client.downloadCommandFile(device.actionId, 0), { status: 400, code: "BadRequest" });
  await assert.rejects(world.client.downloadCommandFile(device.actionId, 1), { status: 404 });
  const resume = { fromBytes: 1, transferId: "another" };
  await device.sendPart(0, partOf(0));
  await assert.rejects(world.client.downloadCommandFile(device.actionId, 0, { resume }), { status: 409 });
});
