import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApplicationCaller } from "../../../src/auth/caller.ts";
import { createThrottle } from "../../../src/http/throttle.ts";
import { memoryCounter } from "../../../src/service/count-request.ts";
import { createApplication } from "../../../src/service/create-application.ts";
import { ADMINISTRATOR } from "../../../src/store/meta.ts";
import { openHttpWorld } from "../../support/http-world.ts";

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
