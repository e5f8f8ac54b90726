import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, beforeEach, describe, test } from "node:test";
import { OLDEST_LINK_VERSION } from "@halligan/protocol/link";
import { eventually, outputOf, RecordingDevice } from "../../../src/link-proxy/recording-device.ts";
import {
  jsonOf,
  type LinkMessage,
  type ProxiedConnection,
  passOn,
  TerminatingProxy,
  typeOf,
} from "../../../src/link-proxy/terminating-proxy.ts";
import { World } from "../../../src/world.ts";
import { addScript, runScript, transcriptOf, waitForEnd } from "../../e2e/live-response.ts";
import { halligan } from "../cli/halligan.ts";

const options = { timeout: 60_000 };
const TWO_MINUTES_MS = 120_000;

describe("a proxy that terminates the agent link", options, () => {
  let world: World;
  let proxy: TerminatingProxy;
  let device: RecordingDevice;

  before(async () => {
    world = await World.start({ agents: 0, settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
    await addScript(world, "say.sh", "#!/bin/sh\necho said\n");
    proxy = await TerminatingProxy.listen(world.credentials.baseUrl);
    const { token } = await world.client.createEnrollmentToken({ uses: 1 });
    const urls = { baseUrl: world.credentials.baseUrl, proxyUrl: proxy.url };
    device = await RecordingDevice.start(urls, "behind-a-proxy", token);
  });

  after(async () => {
    await device?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    proxy.onMessage = passOn;
  });

  const ask = async (): Promise<string> => {
    const { id } = await world.client.runLiveResponse(device.machineId, {
      Commands: [runScript("say.sh")],
      Comment: "through a proxy",
    });
    return id;
  };

  test("passes an action when it changes nothing", async () => {
    const { status } = await waitForEnd(world, await ask());
    assert.equal(status, "Succeeded");
  });

  test("cannot start a script two minutes after its action was cancelled by answering for both sides", async () => {
    const held: [LinkMessage, ProxiedConnection][] = [];
    proxy.onMessage = (message, crossing) => {
      const type = typeOf(message);
      if (type === "startGranted") held.push([message, crossing]);
      else if (type === "end") {
        // To the server in the name of the device; the device hears nothing.
        const { actionId, orderSeq } = JSON.parse(jsonOf(message));
        crossing.toServer(JSON.stringify({ type: "closed", actionId, orderSeq, errors: [] }));
      } else passOn(message, crossing);
    };
    const id = await ask();
    await eventually("the proxy holds the grant", () => held.length > 0);
    await world.client.cancelMachineAction(id, "no longer wanted");
    device.clock.advance(TWO_MINUTES_MS);
    for (const [message, crossing] of held) passOn(message, crossing);
    proxy.onMessage = passOn;
    // A further action shows that all that was sent before has been handled.
    const next = await waitForEnd(world, await ask());
    assert.equal(next.status, "Succeeded");
    assert.deepEqual(
      device.ran.filter((actionId) => actionId === id),
      [],
    );
  });

  test("cannot change a result", async () => {
    proxy.onMessage = (message, crossing) => {
      if (typeOf(message) !== "ended") return passOn(message, crossing);
      proxy.onMessage = passOn;
      crossing.toServer(message.bytes.toString("utf8").replace("true output", "false output"));
    };
    const action = await waitForEnd(world, await ask());
    assert.equal(action.status, "Succeeded");
    assert.equal((await transcriptOf(world, action.id, 0)).script_output, outputOf(action.id));
  });

  test("leaves a result that the device's signature proves without the server", async () => {
    const { id } = await waitForEnd(world, await ask());
    const verified = await halligan(world, "action", id, "--verify", "--json");
    assert.equal(verified.exitCode, 0, verified.stdout);
    const { verification } = JSON.parse(verified.stdout);
    assert.deepEqual([verification[0].isVerified, verification[0].problem], [true, null]);
    // A server that changes what it stored shows it itself.
    using closing = new DisposableStack();
    const database = closing.adopt(new DatabaseSync(join(world.dataDir, "halligan.db")), (open) => open.close());
    database.exec("pragma busy_timeout = 10000");
    const content = '{"script_name":"say.sh","exit_code":0,"script_output":"false output\\n","script_errors":""}';
    const change =
      "update command_end set content = ? where key / 1024 = (select seq from machine_action where id = ?)";
    database.prepare(change).run(Buffer.from(content), id);
    const changed = await halligan(world, "action", id, "--verify", "--json");
    assert.equal(changed.exitCode, 86, changed.stdout);
    assert.match(JSON.parse(changed.stdout).verification[0].problem, /not those that the device signed/);
  });

  test("is not found out by a device of link version 1, whose ends the server takes and shows as not signed", async () => {
    const { token } = await world.client.createEnrollmentToken({ uses: 1 });
    const urls = { baseUrl: world.credentials.baseUrl, proxyUrl: proxy.url };
    await using old = await RecordingDevice.start(urls, "not-upgraded", token, OLDEST_LINK_VERSION);
    const request = { Commands: [runScript("say.sh")], Comment: "of the version before" };
    const { id } = await world.client.runLiveResponse(old.machineId, request);
    assert.equal((await waitForEnd(world, id)).status, "Succeeded");
    const { value } = await world.client.getMachineActionEvidence(id);
    assert.deepEqual(value, [{ index: 0, type: "RunScript", evidence: null }]);
  });

  test("cannot end the orders of a device by saying that it is retired", async () => {
    const before = device.events.length;
    proxy.onMessage = (message, crossing) => {
      if (typeOf(message) !== "startGranted") return passOn(message, crossing);
      proxy.onMessage = passOn;
      crossing.close(4410);
    };
    const { status } = await waitForEnd(world, await ask());
    assert.equal(status, "Succeeded", device.events.slice(before).join(" "));
  });
});
