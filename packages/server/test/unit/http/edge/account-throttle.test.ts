import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApplicationCaller } from "../../../../src/auth/caller.ts";
import { LongResponseLimit } from "../../../../src/http/edge/response/long-response-limit.ts";
import { createThrottle } from "../../../../src/http/throttle.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { memoryCounter } from "../../../../src/service/identity/count-request.ts";
import { createApplication } from "../../../../src/service/identity/create-application.ts";
import { ADMINISTRATOR } from "../../../../src/store/cluster/meta.ts";
import { openHttpWorld } from "../../../support/http-world.ts";

const application = (id: string): ApplicationCaller => ({
  kind: "application",
  id,
  clientId: id,
  name: id,
  roles: new Set(["Halligan.Admin", "Machine.Read.All"]),
});

test("ten applications of one account have the rate of one, and those of the first administrator each their own", async () => {
  const limits = { runRequestsPerMinute: 10, requestsPerMinute: 4, requestsPerHour: 1_000 };
  await using world = await openHttpWorld({
    throttle: createThrottle(
      limits,
      memoryCounter(() => 0),
    ),
  });
  const { context } = world;
  await context.store.write((tx) => tx.meta.set(ADMINISTRATOR, "root"));
  const admitted = async (maker: ApplicationCaller) => {
    const tokens = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const made = await createApplication(context, maker, { name: "one of ten", roles: ["Machine.Read.All"] });
        assert.ok(made.ok && made.value.clientSecret !== null);
        return world.signIn(made.value.application.clientId, made.value.clientSecret);
      }),
    );
    let count = 0;
    for (const token of [...tokens, ...tokens]) {
      const answer = await fetch(`${world.base}/api/machines`, { headers: { authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
      if (answer.status === 200) count += 1;
      else assert.equal(answer.status, 429);
    }
    return count;
  };
  assert.equal(await admitted(application("helper")), 4);
  assert.equal(await admitted(application("root")), 20);
});

test("the applications of one account share its places for streams of events", async () => {
  await using world = await openHttpWorld({ eventStreams: new LongResponseLimit(10, 1) });
  const { context } = world;
  const machine = await world.services.addMachine();
  const asked = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
  const action = await runLiveResponse(context, application("root"), machine.id, asked);
  assert.ok(action.ok);
  const gone = new AbortController();
  const statuses: number[] = [];
  for (const maker of ["helper", "helper", "other"]) {
    const made = await createApplication(context, application(maker), { name: "watcher", roles: ["Machine.Read.All"] });
    assert.ok(made.ok && made.value.clientSecret !== null);
    const token = await world.signIn(made.value.application.clientId, made.value.clientSecret);
    const url = `${world.base}/halligan/v1/actions/${action.value.id}/events`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: gone.signal });
    statuses.push(answer.status);
  }
  gone.abort();
  assert.deepEqual(statuses, [200, 429, 200]);
});
