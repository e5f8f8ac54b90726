import assert from "node:assert/strict";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { World } from "../../../src/world.ts";
import { addScript } from "../../e2e/live-response.ts";
import { halligan as callHalligan } from "./halligan.ts";

/** `halligan`, with the real server: it waits with its start, then by the events of its action. */
describe("halligan run by events", { timeout: 120_000 }, () => {
  let world: World;
  /** Operations of the server in the order in which they ended. */
  const operations: string[] = [];
  before(async () => {
    world = await World.start({
      settings: { HALLIGAN_LIMITS_PROFILE: "open" },
      onLine(_program, line) {
        const operation = /"operation":"(\w+)"/.exec(line)?.[1];
        if (operation !== undefined) operations.push(operation);
      },
    });
  });
  after(() => world[Symbol.asyncDispose]());

  async function halligan(...args: string[]) {
    const { exitCode, stdout } = await callHalligan(world, ...args);
    return { exitCode, stdout };
  }

  test("one request starts a short script and has its output", async () => {
    await addScript(world, "hello.sh", "#!/bin/sh\necho hello\nexit 3\n");
    operations.length = 0;
    assert.deepEqual(await halligan("run", "device-1", "hello.sh"), { exitCode: 3, stdout: "hello\n" });
    // The line of a request is written after its response.
    await until(() => operations.includes("StartLiveResponse"), "the log line of the start");
    // Signing in, the agent, and adding the script.
    // It asks for live output if the script takes longer than a moment.
    const others = ["GetInfo", "TokenV2", "GetOrderFile", "PutLibraryFile", "WatchMachineActionOutput"];
    assert.deepEqual(
      operations.filter((name) => !others.includes(name)),
      ["ListMachines", "GetLibraryFile", "StartLiveResponse"],
    );
  });

  test("a run in a pipe says that its device is offline, and when it goes on", async () => {
    const [machine] = world.machines;
    assert.ok(machine);
    await addScript(world, "late.sh", "#!/bin/sh\nsleep 1\necho late\n");
    await world.agent(machine.id).stop();
    operations.length = 0;
    const ended = callHalligan(world, "run", "device-1", "late.sh");
    await until(() => operations.includes("StartLiveResponse"), "the end of the wait with the start");
    const { stdout: listed } = await halligan("actions", "--status", "Pending", "--json");
    const { id } = JSON.parse(listed).actions[0];
    const seen = "waits for the device: it was last seen \\d+ s ago; the action times out at \\d{4}-";
    assert.match((await halligan("action", id)).stdout, new RegExp(`^waiting +${seen}`, "m"));
    const { waiting } = JSON.parse((await halligan("action", id, "--json")).stdout);
    assert.equal(waiting.reason, "DeviceOffline");
    await world.startAgent(machine.id);
    const { exitCode, stdout, stderr } = await ended;
    assert.deepEqual([exitCode, stdout], [0, "late\n"]);
    const lines = stderr.trimEnd().split("\n");
    assert.match(lines[0] ?? "", new RegExp(`^halligan: ${seen}`));
    assert.match(lines.at(-1) ?? "", /^halligan: command 0 runs; its time is over at /);
    assert.equal(new Set(lines).size, lines.length);
  });

  test("a server that is killed and comes back in the middle does not end the waiting", async () => {
    const [begun, go] = [join(world.folder, "begun"), join(world.folder, "go")];
    await addScript(
      world,
      "waits.sh",
      `#!/bin/sh\ntouch ${begun}\nwhile [ ! -e ${go} ]; do sleep 0.05; done\necho went on\n`,
    );
    const ended = halligan("run", "device-1", "waits.sh");
    const isThere = () =>
      access(begun).then(
        () => true,
        () => false,
      );
    await until(isThere, "the start of the script");
    world.server.kill("SIGKILL");
    await world.server.exited;
    await world.startServer();
    await writeFile(go, "");
    assert.deepEqual(await ended, { exitCode: 0, stdout: "went on\n" });
  });
});
