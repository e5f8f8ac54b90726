import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_CLOSE } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { Gateway } from "../../../src/gateway/gateway.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { quarantineByHand, releaseMachine } from "../../../src/service/machines/quarantine-by-hand.ts";
import { reinstateMachine, retireMachine } from "../../../src/service/machines/retire-machine.ts";
import { PLAYBOOK } from "../../support/test-services.ts";
import { MACHINE_ID, START_ID } from "../domain/sample-action.ts";
import { openService } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

const RUN = { type: "RunScript" as const, params: [{ key: "ScriptName", value: "a.sh" }] };

/** Two nodes on one store. `hintsArrive`: whether the node that retires can wake the other one. */
async function openNodes({ hintsArrive = true } = {}) {
  const service = await openService();
  const silent = { ...service.bus, wakeMachine: () => undefined };
  const options = { pingIntervalMs: 20_000, maxConnections: 10 };
  const context = { ...service, bus: hintsArrive ? service.bus : silent };
  const gateway = new Gateway({ ...service, node: { id: "there" } }, options);
  const link = await enrolledMachine(service);
  const linked = async (): Promise<DeviceOnALink> => {
    const device = link(gateway);
    await until(() => device.isWelcome, "the welcome frame");
    device.hello();
    await until(() => device.has("helloAnswer"), "a helloAnswer frame");
    return device;
  };
  const retire = () => retireMachine(context, PLAYBOOK, MACHINE_ID, "stolen");
  const dispose = async () => {
    await gateway.close();
    await service[Symbol.asyncDispose]();
  };
  return { service, context, gateway, linked, retire, dial: () => link(gateway), [Symbol.asyncDispose]: dispose };
}

test("a retirement closes the machine's connection on any node, and the device gets the reason", async () => {
  await using at = await openNodes();
  const device = await at.linked();
  assert.ok((await at.retire()).ok);
  await until(() => device.closeCode !== null, "the end of the connection");
  assert.equal(device.closeCode, LINK_CLOSE.retired);
  const again = at.dial();
  await until(() => again.closeCode !== null, "the end of the connection");
  assert.equal(again.closeCode, LINK_CLOSE.retired);
});

test("when the hint is lost, the connection is closed as soon as its node reads the store again", async () => {
  await using at = await openNodes({ hintsArrive: false });
  const device = await at.linked();
  assert.ok((await at.retire()).ok);
  assert.equal(device.closeCode, null);
  await at.gateway.rereadStore();
  await until(() => device.closeCode !== null, "the end of the connection");
  assert.equal(device.closeCode, LINK_CLOSE.retired);
});

test("a start that is reported after the retirement is not granted, although the connection is still open", async () => {
  await using at = await openNodes({ hintsArrive: false });
  const device = await at.linked();
  const started = await runLiveResponse(at.service, PLAYBOOK, MACHINE_ID, { Commands: [RUN], Comment: "c" });
  assert.ok(started.ok);
  await until(() => device.has("order"), "an order frame");
  assert.ok((await at.retire()).ok);
  device.send({ type: "started", actionId: started.value.id, orderSeq: 1, index: 0, startId: START_ID });
  await until(() => device.closeCode !== null, "the end of the connection");
  assert.equal(device.has("startGranted"), false);
  const action = await at.service.store.read((tx) => tx.actions.byId(started.value.id));
  assert.deepEqual([action?.status, action?.commands[0]?.startId], ["Failed", null]);
});

test("a reinstated machine is let in again", async () => {
  await using at = await openNodes();
  const device = await at.linked();
  assert.ok((await at.retire()).ok);
  await until(() => device.closeCode !== null, "the end of the connection");
  assert.ok((await reinstateMachine(at.context, PLAYBOOK, MACHINE_ID)).ok);
  const back = await at.linked();
  assert.equal(back.closeCode, null);
});

for (const hintsArrive of [true, false]) {
  test(`a quarantine by hand closes the connection ${hintsArrive ? "at once" : "when the hint is lost, too"}, and after the release the device is back`, async () => {
    await using at = await openNodes({ hintsArrive });
    const device = await at.linked();
    assert.ok((await quarantineByHand(at.context, PLAYBOOK, MACHINE_ID, "not trusted")).ok);
    if (!hintsArrive) await at.gateway.rereadStore();
    await until(() => device.closeCode !== null, "the end of the connection");
    const refused = at.dial();
    await until(() => refused.closeCode !== null, "the end of the connection");
    assert.equal(refused.closeCode, LINK_CLOSE.quarantined);
    assert.ok((await releaseMachine(at.context, PLAYBOOK, MACHINE_ID)).ok);
    const back = await at.linked();
    assert.equal(back.closeCode, null);
  });
}
