import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import type { ApplicationCaller } from "../../../../src/auth/caller.ts";
import { LongResponseLimit } from "../../../../src/http/edge/response/long-response-limit.ts";
import { createDownloadUrl } from "../../../../src/service/results/create-download-url.ts";
import { type HttpWorld, openHttpWorld } from "../../../support/http-world.ts";
import { PLAYBOOK } from "../../../support/test-services.ts";
import { sampleAction, sampleCommand } from "../../domain/sample-action.ts";

const SIZE_BYTES = 2 ** 40;

/** A server with one result of a TiB, so that no download ends by itself. */
async function openWorld(limit: number, limitPerAccount: number, inactivityMs?: number) {
  const downloads = new LongResponseLimit(limit, limitPerAccount);
  const world = await openHttpWorld({ downloads, ...(inactivityMs !== undefined && { inactivityMs }) });
  const open = new Set<Readable>();
  Object.assign(world.context.blobs, {
    openResult: async () => {
      const stream = new Readable({ read: () => void setImmediate(() => stream.push(Buffer.alloc(65_536))) });
      open.add(stream);
      stream.once("close", () => open.delete(stream));
      return { sizeBytes: SIZE_BYTES, stream };
    },
  });
  const machine = await world.services.addMachine();
  const actionId = world.context.ids.guid();
  const result = { kind: "blob" as const, resultId: "b".repeat(64), sizeBytes: SIZE_BYTES, sha256: "a".repeat(64) };
  const ended = { status: "Completed", startedAtMs: 1, endedAtMs: 2, result } as const;
  const command = sampleCommand({ type: "GetFile", params: [{ key: "Path", value: "/x" }], ...ended });
  const action = sampleAction({ id: actionId, machineId: machine.id, status: "Succeeded", commands: [command] });
  await world.context.store.write((tx) => tx.actions.insert(action));
  return { world, downloads, open, actionId };
}

/**
 * A new application, and the path of a link that it made. `ownerId`: the account that stands for
 * it.
 */
async function linkOf({ context }: HttpWorld, actionId: string, clientId: string, ownerId: string | null = null) {
  await context.store.write((tx) =>
    tx.applications.insert({
      clientId,
      name: clientId,
      roles: [],
      keys: [],
      secrets: [],
      createdAtMs: 0,
      ownerId,
      tokenGeneration: 0,
    }),
  );
  const caller: ApplicationCaller = { ...PLAYBOOK, id: clientId, clientId, name: clientId };
  const link = await createDownloadUrl(context, caller, actionId, 0);
  assert.ok(link.ok);
  const { pathname, search } = new URL(link.value);
  return `${pathname}${search}`;
}

/** Asks for the path, reads the head of the answer, and then nothing. */
async function downloadUnread({ base }: HttpWorld, path: string, headers = "") {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`);
  await once(socket, "readable");
  const head = String(socket.read());
  return { socket, head, status: Number(head.slice(9, 12)) };
}

test("an account has a bounded number of downloads under way, with the applications that it made, and others have theirs", {
  timeout: 60_000,
}, async () => {
  const { world, downloads, open, actionId } = await openWorld(6, 4);
  await using _ = world;
  const root = await linkOf(world, actionId, "root");
  const helper = await linkOf(world, actionId, "helper", "root");
  const other = await linkOf(world, actionId, "other");
  const third = await linkOf(world, actionId, "third");
  const sockets: Socket[] = [];
  const statusOf = async (path: string) => {
    const { socket, head, status } = await downloadUnread(world, path);
    sockets.push(socket);
    if (status === 429) {
      assert.match(head, /^retry-after: [1-9]/im);
      assert.match(head, /Too many requests: .*downloads/);
    }
    return status;
  };
  for (const path of [root, helper, root, helper]) assert.equal(await statusOf(path), 200);
  for (const path of [root, helper, root]) assert.equal(await statusOf(path), 429);
  assert.equal(await statusOf(other), 200);
  assert.equal(await statusOf(third), 200);
  assert.equal(await statusOf(third), 429, "the node has no more places");
  assert.equal(downloads.openCount, 6);
  assert.equal(open.size, 6);
  sockets[0]?.destroy();
  await until(() => downloads.openCount === 5, "five open downloads");
  assert.equal(await statusOf(root), 200);
  for (const socket of sockets) socket.destroy();
  await until(() => downloads.openCount === 0 && open.size === 0, "the end of the downloads");
});

test("a download that is not begun gives its place back", { timeout: 60_000 }, async () => {
  const { world, downloads, actionId } = await openWorld(1, 1);
  await using _ = world;
  const path = await linkOf(world, actionId, "root");
  for (let n = 0; n < 3; n += 1) {
    assert.equal((await fetch(`${world.base}${path}`, { method: "HEAD" })).status, 200);
    const range = { range: `bytes=${SIZE_BYTES}-` };
    assert.equal((await fetch(`${world.base}${path}`, { headers: range })).status, 416);
  }
  Object.assign(world.context.blobs, { openResult: async () => null });
  for (let n = 0; n < 3; n += 1) assert.equal((await fetch(`${world.base}${path}`)).status, 404);
  assert.equal(downloads.openCount, 0);
});

test("a download whose client takes nothing is closed, and one whose client reads slowly is not", {
  timeout: 60_000,
}, async () => {
  const { world, downloads, open, actionId } = await openWorld(2, 2, 3_000);
  await using _ = world;
  const path = await linkOf(world, actionId, "root");
  using ending = new DisposableStack();
  const unread = await downloadUnread(world, path);
  ending.defer(() => unread.socket.destroy());
  const slow = await downloadUnread(world, path);
  ending.defer(() => slow.socket.destroy());
  let readBytes = 0;
  const reading = setInterval(() => {
    readBytes += (slow.socket.read() ?? "").length;
  }, 50);
  ending.defer(() => clearInterval(reading));
  await until(() => downloads.openCount === 1 && open.size === 1, "one open download");
  const before = readBytes;
  await until(() => readBytes > before + 20 * 65_536, "the next bytes of the download");
  assert.equal(downloads.openCount, 1);
  clearInterval(reading);
  await until(() => downloads.openCount === 0 && open.size === 0, "the end of the downloads");
});
