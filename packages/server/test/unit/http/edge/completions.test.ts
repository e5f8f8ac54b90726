import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { resultCompletePath } from "@halligan/protocol/link";
import { signLinkTicket } from "../../../../src/auth/signatures/link-ticket.ts";
import type { CompleteAnswer } from "../../../../src/blobs/blob-store.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import { type HttpWorld, openHttpWorld } from "../../../support/http-world.ts";
import { PLAYBOOK } from "../../../support/test-services.ts";

/** A device with a running collection that says its upload is complete. */
async function device({ services, base }: HttpWorld) {
  const machine = await services.addMachine();
  const link = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
  const started = await runLiveResponse(services.context, PLAYBOOK, machine.id, {
    Commands: [{ type: "GetFile", params: [{ key: "Path", value: "/x" }] }],
    Comment: "c",
  });
  assert.ok(started.ok);
  await nextForConnection(services.context, link);
  const [key] = services.context.keys.linkTicket.accepted;
  assert.ok(key);
  const headers = { authorization: `Ticket ${signLinkTicket(link, key)}`, "content-type": "application/json" };
  return async (uploadId: string, signal?: AbortSignal): Promise<number> => {
    const url = `${base}${resultCompletePath(started.value.id, 0, uploadId)}`;
    const body = JSON.stringify({ partCount: 1, sizeBytes: 5, sha256: "0".repeat(64) });
    return (await fetch(url, { method: "POST", headers, body, ...(signal && { signal }) })).status;
  };
}

async function openWorld(t: TestContext) {
  const world = await openHttpWorld();
  t.after(() => world[Symbol.asyncDispose]());
  return world;
}

test("a machine has two completions at work, also when it waits for none of them, and other machines have theirs", {
  timeout: 20_000,
}, async (t) => {
  const world = await openWorld(t);
  const [hostile, honest] = [await device(world), await device(world)];
  const release = Promise.withResolvers<CompleteAnswer>();
  let atWork = 0;
  const twoAtWork = Promise.withResolvers<void>();
  world.services.context.blobs.completeResult = async () => {
    atWork += 1;
    if (atWork === 2) twoAtWork.resolve();
    return await release.promise;
  };
  const gone = new AbortController();
  const abandoned = ["a", "b"].map((letter) => hostile(letter.repeat(32), gone.signal).catch(() => 0));
  await twoAtWork.promise;
  gone.abort();
  await Promise.all(abandoned);
  assert.equal(await hostile("c".repeat(32)), 429);
  const honestStatus = honest("d".repeat(32));
  release.resolve({ code: "complete" });
  assert.equal(await honestStatus, 204);
  assert.equal(atWork, 3);
});
