import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { World } from "../../src/world.ts";
import { addScript } from "./live-response.ts";

const CLI = fileURLToPath(new URL("../../../cli/bin/halligan.mjs", import.meta.url));

/** `halligan`, with the real server: it waits by the events of its action. */
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

  function halligan(...args: string[]) {
    const { baseUrl, clientId, clientSecret } = world.credentials;
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: world.folder,
      env: {
        PATH: process.env.PATH ?? "",
        HALLIGAN_CONFIG: join(world.folder, "none.json"),
        HALLIGAN_URL: baseUrl,
        HALLIGAN_CLIENT_ID: clientId,
        HALLIGAN_CLIENT_SECRET: clientSecret,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    return once(child, "close").then(([exitCode]) => ({ exitCode: Number(exitCode), stdout }));
  }

  test("it asks for the action not once while the server tells of it", async () => {
    await addScript(world, "hello.sh", "#!/bin/sh\necho hello\nexit 3\n");
    operations.length = 0;
    assert.deepEqual(await halligan("run", "device-1", "hello.sh"), { exitCode: 3, stdout: "hello\n" });
    assert.ok(operations.includes("WatchMachineAction"), operations.join());
    assert.ok(!operations.includes("GetMachineAction"), operations.join());
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
    while (!(await isThere())) await sleep(10);
    world.server.kill("SIGKILL");
    await world.server.exited;
    await world.startServer();
    await writeFile(go, "");
    assert.deepEqual(await ended, { exitCode: 0, stdout: "went on\n" });
  });
});
