import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ApiError } from "@halligan/protocol/client";
import { noSmallDisk, smallDisk } from "../../../../agent/test/support/small-disk.ts";
import { until } from "../../../../protocol/test/support/until.ts";
import { parseMetrics } from "../../../../server/test/unit/metrics/prometheus-text.ts";
import { World } from "../../../src/world.ts";
import { addScript, collected, getFile, runScript, runToEnd, sha256Of, waitForEnd } from "../../e2e/live-response.ts";

const MIB = 1024 ** 2;

test("on a full disk results wait and say why, starts and cancels work, and all goes on when there is room", {
  skip: noSmallDisk,
}, async () => {
  await using disk = await smallDisk(96 * 1024);
  const blobs = join(disk.path, "blobs");
  await using world = await World.start({
    agents: 2,
    dataDir: join(disk.path, "server"),
    settings: {
      HALLIGAN_BLOBS: blobs,
      HALLIGAN_DISK_RESERVE_BYTES: String(48 * MIB),
      HALLIGAN_LIMITS_PROFILE: "open",
      HALLIGAN_TRANSFER_STALL_TIMEOUT_MS: "600000",
    },
  });
  const [first, second] = world.machines;
  assert.ok(first && second);
  const { client, folder } = world;
  await addScript(world, "hello.sh", "#!/bin/sh\necho hello\n");
  const evidence = join(folder, "evidence");
  const bytes = randomBytes(30 * MIB);
  await writeFile(evidence, bytes);
  // Leaves room for less than the file above the reserve.
  const filler = join(disk.path, "filler");
  await writeFile(filler, Buffer.alloc(24 * MIB));

  const { id } = await client.runLiveResponse(first.id, { Commands: [getFile(evidence)], Comment: "test" });
  const waiting = async () => (await client.getMachineActionTiming(id)).waiting ?? [];
  const isRefused = async () => (await waiting()).some(({ reason }) => reason === "InsufficientStorage");
  await until(isRefused, "the reported wait of the action");
  const [refused] = await waiting();
  assert.ok(refused?.reason === "InsufficientStorage");
  assert.equal(refused.index, 0);
  assert.match(refused.detail, /out of storage space.*an operator/);
  for await (const { event, data } of client.watchMachineAction(id)) {
    if (event === "waiting" && data.reason === "InsufficientStorage") break;
  }
  assert.equal((await client.getMachineAction(id)).status, "InProgress");
  const { bavail, bsize } = await statfs(disk.path);
  assert.ok(bavail * bsize >= 40 * MIB, "the reserve is left, but for what the database itself has written");
  await world.server.line((line) => line.includes('"level":40') && line.includes("refused for lack of storage space"));

  const { baseUrl } = world.credentials;
  const ready = await (await fetch(`${baseUrl}/readyz`)).json();
  assert.match(JSON.stringify(ready), /"ready":true.*"part":"disk"/);
  const samples = parseMetrics(await (await fetch(`${baseUrl}/metrics`)).text());
  const figure = (name: string, label = "") =>
    samples.find((one) => one.name === name && Object.values(one.labels).join().includes(label))?.value ?? -1;
  assert.ok(figure("halligan_storage_refused_bytes_total", "InsufficientStorage") > 0);
  assert.ok(figure("halligan_disk_free_bytes", "results") < 60 * MIB);
  assert.ok(figure("halligan_disk_free_bytes", "database") > 0);
  assert.equal(figure("halligan_disk_reserve_bytes"), 48 * MIB);

  const large = Buffer.alloc(20 * MIB);
  const isFull = (error: unknown) =>
    error instanceof ApiError && error.status === 507 && error.code === "InsufficientStorage";
  await assert.rejects(client.putLibraryFile({ fileName: "large.bin", content: () => new Blob([large]) }), isFull);
  await assert.rejects(client.stageContent(sha256Of(large), new Blob([large])), isFull, "content of an action");
  assert.equal((await runToEnd(world, second.id, [runScript("hello.sh")])).status, "Succeeded", "starts work");
  const other = await client.runLiveResponse(second.id, { Commands: [getFile(evidence)], Comment: "test" });
  await until(
    async () => ((await client.getMachineActionTiming(other.id)).waiting ?? []).length > 0,
    "the reported wait of the other action",
  );
  assert.equal((await client.cancelMachineAction(other.id, "enough")).status, "Cancelled", "cancels work");

  await rm(filler);
  const ended = await waitForEnd(world, id);
  assert.equal(ended.status, "Succeeded");
  assert.match(ended.commands[0]?.errors.join() ?? "", /the result waited \d+ s, because the server is out of storage/);
  assert.deepEqual(await collected(world, id, 0), bytes);
  assert.deepEqual((await client.getMachineActionTiming(id)).waiting, []);
});

test("a transfer whose time is over while the server refuses it says so", async () => {
  await using world = await World.start({
    settings: {
      HALLIGAN_LIMITS_PROFILE: "open",
      HALLIGAN_MACHINE_RESULTS_LIMIT_BYTES: "1000",
      HALLIGAN_TRANSFER_TIMEOUT_MS: "4000",
    },
  });
  const machine = world.machines[0];
  assert.ok(machine);
  const file = join(world.folder, "evidence");
  await writeFile(file, randomBytes(4_000));
  const ended = await runToEnd(world, machine.id, [getFile(file)]);
  assert.equal(ended.status, "Failed");
  const errors = ended.commands[0]?.errors ?? [];
  assert.match(errors[0] ?? "", /did not end within 4 seconds.*results of this machine.*reached their quota/);
  assert.match(errors[1] ?? "", /because a quota of the server for results is used up \(ResultQuotaExceeded\)/);
});
