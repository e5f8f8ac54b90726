import assert from "node:assert/strict";
import { test } from "node:test";
import type { Refused } from "@halligan/protocol/link";
import pino from "pino";
import { until } from "../../../../protocol/test/support/until.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { enrolledMachine } from "./connected-device.ts";

const JOURNAL_ID = "1".repeat(32);
const REPEATS = 20;

test("a device that refuses its order over and over writes one log line for each reason", async () => {
  await using opened = await openService();
  const lines: string[] = [];
  const service = { ...opened, log: pino({}, { write: (line: string) => void lines.push(line) }) };
  const gateway = new Gateway(service, { pingIntervalMs: 20_000, maxConnections: 10 });
  const link = await enrolledMachine(service);
  const order = sampleOrder({ journalId: JOURNAL_ID });
  const action = sampleAction({ order });
  await service.store.write((tx) => tx.actions.insert(action));
  const device = link(gateway);
  await until(() => device.isWelcome, "the welcome frame");
  const held = { actionId: action.id, orderSeq: order.orderSeq, commands: [] };
  device.hello({ journalId: JOURNAL_ID, highestOrderSeq: order.orderSeq, orders: [held] });
  await until(() => device.has("helloAnswer"), "a helloAnswer frame");

  const pongs = () => device.frames.filter(({ type }) => type === "pong").length;
  const refuse = async (change: Partial<Refused>) => {
    const { orderSeq } = order;
    const frame: Refused = { type: "refused", actionId: action.id, orderSeq, code: "busy", message: "no", ...change };
    const before = pongs();
    for (let n = 0; n < REPEATS; n += 1) device.send(frame);
    device.ping();
    await until(() => pongs() > before || device.closeCode !== null, "a pong or the end of the connection");
    assert.equal(device.closeCode, null);
    return lines.filter((line) => line.includes("order refused by its device")).length;
  };
  assert.equal(await refuse({}), 1);
  assert.equal(await refuse({ code: "late" }), 2);
  assert.equal(await refuse({ actionId: "00000000-0000-4000-8000-000000000000" }), 2, "an unknown order");
  assert.equal(await refuse({ code: "diskFull" }), 3, "it ends the action");
  assert.equal(await refuse({ code: "malformed" }), 3, "the action is over");
  await gateway.close();
});
