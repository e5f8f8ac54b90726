import assert from "node:assert/strict";
import { test } from "node:test";
import { Order } from "@halligan/protocol/link";
import { Compile } from "typebox/compile";
import { until } from "../../../../protocol/test/support/until.ts";
import { orderFor } from "../../../src/domain/actions/order.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const JOURNAL_ID = "1".repeat(32);

test("an agent that does not know archives refuses the order, and the action says to upgrade it", async () => {
  await using service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const order = sampleOrder({ journalId: JOURNAL_ID });
  const plain = sampleAction({ order });
  const archive = { kind: "folder", maxFiles: 10, maxBytes: 10 } as const;
  const commands = plain.commands.slice(0, 1).map((command) => ({
    ...command,
    type: "GetFile" as const,
    params: [{ key: "Path", value: "/var/log" }],
    pin: null,
    archive,
  }));
  const action = { ...plain, commands };
  const sent = orderFor(action, service.limits.order, 0);
  assert.deepEqual(sent.commands, [{ index: 0, type: "GetFile", path: "/var/log", archive }]);
  assert.ok(Compile(Order).Check(sent));
  await service.store.write((tx) => tx.actions.insert(action));
  const device = link(gateway);
  await until(() => device.isWelcome, "the welcome frame");
  device.hello({ journalId: JOURNAL_ID, highestOrderSeq: 0, orders: [] });
  await until(() => device.has("helloAnswer"), "a helloAnswer frame");
  const { orderSeq } = order;
  device.send({ type: "refused", actionId: action.id, orderSeq, code: "malformed", message: "Not understood." });
  const ended = await until(async () => {
    const found = await service.store.read((tx) => tx.actions.byId(action.id));
    return found?.status === "Failed" && found;
  }, "the end of the action");
  const texts = ended.commands.flatMap(({ errors }) => errors).join();
  assert.match(texts, /\(malformed\): Not understood\. Its agent is older than archives .* Upgrade it/);
  assert.deepEqual(ended.commands[0]?.archive, archive);
  await gateway.close();
});
