import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { signLinkTicket } from "../../../../src/auth/signatures/link-ticket.ts";
import { quarantineByHand } from "../../../../src/service/machines/quarantine-by-hand.ts";
import { createDownloadUrl } from "../../../../src/service/results/create-download-url.ts";
import { revokeResultLinks } from "../../../../src/service/results/revoke-result-links.ts";
import { openHttpWorld } from "../../../support/http-world.ts";
import { PLAYBOOK } from "../../../support/test-services.ts";
import { JOURNAL_ID, sampleAction, sampleCommand } from "../../domain/sample-action.ts";

const SIZE_BYTES = 2 ** 40;
const SHA256 = "a".repeat(64);

/** A server whose blobs have a TiB each, so that no download ends by itself. */
async function openWorld() {
  const world = await openHttpWorld();
  Object.assign(world.context.blobs, {
    openResult: async () => {
      const stream = new Readable({ read: () => void setImmediate(() => stream.push(Buffer.alloc(65_536))) });
      return { sizeBytes: SIZE_BYTES, stream };
    },
  });
  const download = async (path: string, authorization?: string) => {
    const answer = await fetch(`${world.base}${path}`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    assert.equal(answer.status, 200);
    const reader = answer.body?.getReader();
    assert.ok(reader);
    assert.ok((await reader.read()).value);
    return reader;
  };
  return { world, download };
}

/** Resolves when the server breaks the download off. */
async function broken(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
}

test("a download under way ends when the links of its action are revoked, and no other one", {
  timeout: 60_000,
}, async () => {
  const { world, download } = await openWorld();
  await using _ = world;
  const { context, services } = world;
  await context.store.write((tx) =>
    tx.applications.insert({
      clientId: PLAYBOOK.clientId,
      name: PLAYBOOK.name,
      roles: [],
      keys: [],
      secrets: [],
      createdAtMs: 0,
      ownerId: null,
      tokenGeneration: 0,
    }),
  );
  const started = async () => {
    const machine = await services.addMachine();
    const id = context.ids.guid();
    const result = { kind: "blob" as const, resultId: "b".repeat(64), sizeBytes: SIZE_BYTES, sha256: SHA256 };
    const ended = { status: "Completed", startedAtMs: 1, endedAtMs: 2, result } as const;
    const command = sampleCommand({ type: "GetFile", params: [{ key: "Path", value: "/x" }], ...ended });
    const action = sampleAction({ id, machineId: machine.id, status: "Succeeded", commands: [command] });
    await context.store.write((tx) => tx.actions.insert(action));
    const link = await createDownloadUrl(context, PLAYBOOK, id, 0);
    assert.ok(link.ok);
    const { pathname, search } = new URL(link.value);
    return { id, reader: await download(`${pathname}${search}`) };
  };
  const [first, second] = [await started(), await started()];
  assert.ok((await revokeResultLinks(context, PLAYBOOK, first.id)).ok);
  await broken(first.reader);
  for (let n = 0; n < 20; n += 1) assert.ok((await second.reader.read()).value);
  await second.reader.cancel();
});

test("a device's download ends when its machine is put in quarantine", { timeout: 60_000 }, async () => {
  const { world, download } = await openWorld();
  await using _ = world;
  const { context, services } = world;
  const machine = await services.addMachine({ connectionEpoch: 1 });
  const id = context.ids.guid();
  const pin = { sha256: SHA256, sizeBytes: SIZE_BYTES, contentId: "c".repeat(64) };
  const order = {
    orderSeq: 1,
    journalId: JOURNAL_ID,
    connectionEpoch: 1,
    claimedAtMs: 1,
    sentAtMs: 1,
    startInDoubt: null,
    state: "out",
  } as const;
  const action = sampleAction({
    id,
    machineId: machine.id,
    status: "InProgress",
    commands: [sampleCommand({ pin })],
    order,
  });
  await context.store.write((tx) => tx.actions.insert(action));
  const text = signLinkTicket({ machineId: machine.id, connectionEpoch: 1 }, context.keys.linkTicket.signing);
  const reader = await download(`/agent/v1/actions/${id}/files/${SHA256}`, `Ticket ${text}`);
  assert.ok((await quarantineByHand(context, PLAYBOOK, machine.id, "stolen")).ok);
  await broken(reader);
});
