import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PART_BYTES } from "@halligan/protocol/link";
import { noSmallDisk, smallDisk } from "../../../../agent/test/support/small-disk.ts";
import { until } from "../../../../protocol/test/support/until.ts";
import { enrollHostile, HostileMachine } from "../../../src/attacks/kinds/hostile-machine.ts";
import { World } from "../../../src/world.ts";
import { addScript, runScript, runToEnd } from "../../e2e/live-response.ts";

const MIB = 1024 ** 2;
const COMMANDS = 3;
const MOST_PARTS = 200;

test("a device that fills the disk is refused at the reserve: starts and cancels work, and its parts go with its action", {
  skip: noSmallDisk,
  timeout: 120_000,
}, async (t) => {
  await using disk = await smallDisk(96 * 1024);
  await using world = await World.start({
    dataDir: join(disk.path, "server"),
    settings: {
      HALLIGAN_BLOBS: join(disk.path, "blobs"),
      HALLIGAN_DISK_RESERVE_BYTES: String(40 * MIB),
      HALLIGAN_LIMITS_PROFILE: "open",
    },
  });
  const [honest] = world.machines;
  assert.ok(honest);
  const { client, credentials } = world;
  await addScript(world, "hello.sh", "#!/bin/sh\necho hello\n");
  const given = await enrollHostile(world);
  const files = Array.from({ length: COMMANDS }, (_, n) => ({
    type: "GetFile" as const,
    params: [{ key: "Path", value: `/evidence${n}` }],
  }));
  const { baseUrl, tenant } = credentials;
  const target = { baseUrl, tenant, localAddress: "127.0.0.1", machineIds: [honest.id], given: { ...given } };
  const machine = new HostileMachine(target);
  const { id } = await client.runLiveResponse(machine.machineId, { Commands: files, Comment: "hostile" });
  const taken = await machine.takeOrder();
  assert.ok(taken);
  const { connection, order, ticket } = taken;
  t.after(() => connection.socket.terminate());
  connection.send({ type: "started", ...order, index: 0, startId: "e".repeat(32) });

  const bytes = randomBytes(PART_BYTES);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  let sent = 0;
  const putPart = () => {
    const upload = sent++;
    const uploadId = createHash("md5")
      .update(`${Math.floor(upload / 8)}`)
      .digest("hex");
    const index = Math.floor(upload / 8) % COMMANDS;
    return machine.putPart(ticket, { actionId: id, index, uploadId, part: upload % 8, bytes, sha256 }, t.signal);
  };
  const freeMib = async () => {
    const { bavail, bsize } = await statfs(disk.path);
    return (bavail * bsize) / MIB;
  };
  const statuses = new Set<number | null>();
  while (!statuses.has(507) && sent < MOST_PARTS) statuses.add(await putPart());
  for (let more = 0; more < 8; more += 1) statuses.add(await putPart());
  assert.deepEqual(statuses, new Set([204, 507]));
  assert.ok((await freeMib()) > 30, `${await freeMib()} MiB are left for the database`);

  // While it goes on.
  const over = new AbortController();
  const flood = (async () => {
    while (!over.signal.aborted) assert.ok([204, 507].includes((await putPart()) ?? 0));
  })();
  assert.equal((await runToEnd(world, honest.id, [runScript("hello.sh")])).status, "Succeeded", "starts work");
  const other = await client.runLiveResponse(honest.id, { Commands: [runScript("hello.sh")], Comment: "c" });
  await client.cancelMachineAction(other.id, "enough").catch((error: unknown) => {
    // It may be over by then; what must not happen is a 500.
    assert.match(String(error), /final|already|cannot/i);
  });
  const ready = await (await fetch(`${baseUrl}/readyz`)).json();
  assert.match(JSON.stringify(ready), /"part":"disk"/);
  over.abort();
  await flood;

  connection.send({ type: "ended", ...order, index: 0, outcome: "failed", errors: ["enough"], result: null });
  await until(async () => (await client.getMachineAction(id)).status !== "InProgress", "the end of the action");
  assert.notEqual(await putPart(), 204, "nothing is taken for a final action");
  await until(async () => (await freeMib()) >= 60, "the free disk space");
});
