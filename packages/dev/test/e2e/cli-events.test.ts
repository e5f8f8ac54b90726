import assert from "node:assert/strict";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { World } from "../../src/world.ts";
import { halligan as callHalligan } from "./halligan.ts";
import { addScript } from "./live-response.ts";

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
    const others = ["GetInfo", "TokenV2", "GetOrderFile", "PutLibraryFile"];
    assert.deepEqual(
      operations.filter((name) => !others.includes(name)),
      ["ListMachines", "GetLibraryFile", "StartLiveResponse"],
    );
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
