import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ORIGIN_COMMENT_CHARACTERS, ORDER_ORIGIN, Order, SEALED_SINCE_VERSION } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";
import { until } from "../../../../protocol/test/support/until.ts";
import { applyEvent } from "../../../src/domain/actions/apply-event.ts";
import { orderFor } from "../../../src/domain/actions/order.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const JOURNAL_ID = "1".repeat(32);

for (const features of [[], [ORDER_ORIGIN]]) {
  const takes = features.length > 0;
  test(`an agent ${takes ? "with" : "without"} the feature gets ${takes ? "the" : "no"} names in its order and its end`, async () => {
    await using service = await openService();
    const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
    const link = await enrolledMachine(service, SEALED_SINCE_VERSION);
    const continuity = { processId: "2".repeat(32), rollingValue: null };
    const hello = { journalId: JOURNAL_ID, continuity, orderKeySet: 0, features };
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    await service.store.write((tx) => tx.actions.insert(sampleAction({ comment: "why", deadlineMs: null })));
    device.hello(hello);
    const frame = await until(() => device.frames.find(({ type }) => type === "order"), "a frame of type order");
    assert.ok(frame.type === "order");
    const order: Order = JSON.parse(frame.payload);
    const origin = {
      requestor: "playbook",
      requestorId: "client-1",
      application: "client-1",
      comment: "why",
      requestedMs: 1_000,
    };
    assert.deepEqual(order.origin, takes ? origin : undefined);
    await service.store.write(async (tx) => {
      const action = await tx.actions.byId(order.actionId);
      assert.ok(action);
      const ended = applyEvent(action, { type: "cancelled", requestor: "Bob", comment: "enough" }, 2_000);
      assert.ok(ended.kind === "changed");
      await tx.actions.save(action, ended.action);
    });
    const { actionId, orderSeq } = order;
    const cancelledBy = takes ? { requestor: "Bob", comment: "enough" } : undefined;
    const again = link(gateway);
    await until(() => again.isWelcome, "the welcome frame");
    const held = { actionId, orderSeq, commands: [{ index: 0, state: "running" as const }] };
    again.hello({ ...hello, highestOrderSeq: orderSeq, orders: [held] });
    const answer = await until(() => again.frames.find(({ type }) => type === "helloAnswer"), "a helloAnswer");
    assert.ok(answer.type === "helloAnswer");
    assert.deepEqual(answer.orders, [{ actionId, orderSeq, verdict: "end", ...(cancelledBy && { cancelledBy }) }]);
    await gateway.close();
  });
}

test("names and comments of any length fit into the order", async () => {
  await using service = await openService();
  const requestor = `${"x".repeat(511)}\u{1f600}`;
  const action = sampleAction({ requestor, comment: "\u0001".repeat(8_192), order: sampleOrder() });
  const order = orderFor(action, service.limits.order, 0);
  assert.ok(Compile(Order).Check(order));
  assert.equal(order.origin?.requestor, "x".repeat(511));
  assert.match(order.origin?.comment ?? "", /cut: 8192 characters in all/);
  assert.ok((order.origin?.comment.length ?? 0) <= MAX_ORIGIN_COMMENT_CHARACTERS);
});
