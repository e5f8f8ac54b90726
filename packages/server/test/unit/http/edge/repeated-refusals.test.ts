import assert from "node:assert/strict";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { resultPartPath } from "@halligan/protocol/link";
import { signLinkTicket } from "../../../../src/auth/signatures/link-ticket.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import { openHttpWorld } from "../../../support/http-world.ts";
import { PLAYBOOK } from "../../../support/test-services.ts";

/** A device whose results have no room, and how its parts are answered. */
async function deviceWithoutRoom(t: TestContext) {
  const world = await openHttpWorld();
  t.after(() => world[Symbol.asyncDispose]());
  const { services, context } = world;
  context.limits.machineResultsLimitBytes = 0;
  const machine = await services.addMachine();
  const link = { machineId: machine.id, connectionEpoch: machine.connectionEpoch };
  const started = await runLiveResponse(services.context, PLAYBOOK, machine.id, {
    Commands: [{ type: "GetFile", params: [{ key: "Path", value: "/x" }] }],
    Comment: "c",
  });
  assert.ok(started.ok);
  const actionId = started.value.id;
  await nextForConnection(services.context, link);
  const [key] = services.context.keys.linkTicket.accepted;
  assert.ok(key);
  const headers = { authorization: `Ticket ${signLinkTicket(link, key)}`, "halligan-part-sha256": "0".repeat(64) };
  const put = (uploadId: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const url = `${world.base}${resultPartPath(actionId, 0, uploadId, 0)}`;
      const sent = request(url, { method: "PUT", headers: { ...headers, "content-length": 1_000 } }, (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode));
      });
      sent.once("error", reject);
      sent.end(Buffer.alloc(1_000));
    });
  return { services, put };
}

test("a device that repeats a refused part under new upload ids costs one transaction, and has to wait", async (t) => {
  const { services, put } = await deviceWithoutRoom(t);
  const { store } = services.context;
  assert.equal(await put("0".repeat(32)), 507);
  let writes = 0;
  const write = store.write.bind(store);
  store.write = (work) => {
    writes += 1;
    return write(work);
  };
  const statuses: (number | undefined)[] = [];
  for (let n = 1; n < 65; n += 1) statuses.push(await put(n.toString(16).padStart(32, "0")));
  assert.deepEqual([statuses[0], statuses[58], statuses[59]], [507, 507, 429]);
  assert.equal(writes, 0);
  services.time.nowMs += 60_000;
  assert.equal(await put("f".repeat(32)), 507, "it may try again");
});
