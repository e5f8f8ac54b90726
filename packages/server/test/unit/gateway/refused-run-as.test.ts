import assert from "node:assert/strict";
import { test } from "node:test";
import { RUN_AS } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { NO_OPTIONS } from "../../../src/domain/actions/options/action-options.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const JOURNAL_ID = "1".repeat(32);

test("the features of a hello are kept with the machine, and those of an older agent replace them", async () => {
  await using service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const featuresAfter = async (features?: string[]) => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    device.hello({ journalId: JOURNAL_ID, highestOrderSeq: 0, orders: [], ...(features && { features }) });
    await until(() => device.has("helloAnswer"), "a helloAnswer frame");
    return (await service.store.read((tx) => tx.machines.byId(sampleAction().machineId)))?.features;
  };
  assert.deepEqual(await featuresAfter(["liveOutput", RUN_AS]), ["liveOutput", RUN_AS]);
  assert.deepEqual(await featuresAfter(), []);
  await gateway.close();
});

test("an agent that does not know runAs refuses the order, and the action says to upgrade it", async () => {
  await using service = await openService();
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const order = sampleOrder({ journalId: JOURNAL_ID });
  const action = sampleAction({ order, options: { ...NO_OPTIONS, runAs: "alice" } });
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
  assert.match(texts, /\(malformed\): Not understood\. Its agent is older than runAs\. Upgrade it/);
  assert.equal(ended.options.runAs, "alice");
  await gateway.close();
});
