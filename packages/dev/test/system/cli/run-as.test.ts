import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { type Runtime, runtimeExecutable } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import { halligan as callHalligan } from "./halligan.ts";

/** The agents run as the tests do. `nobody` and `daemon` are on every Linux. */
const canChangeUser = process.platform === "linux" && process.geteuid?.() === 0;

for (const runtime of ["node", "bun"] as const satisfies Runtime[]) {
  const missing = runtimeExecutable(runtime) === null ? `no ${runtime} here` : false;
  const skip = missing || (canChangeUser ? false : "the agent does not run as root");
  describe(`halligan run --as with a real server and an agent under ${runtime}`, { timeout: 300_000, skip }, () => {
    let world: World;
    before(async () => {
      const settings = { HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_RUN_AS_USERS: "nobody, no-such-user" };
      world = await World.start({ runtime, settings });
    });
    after(() => world?.[Symbol.asyncDispose]());

    const halligan = (...args: string[]) => callHalligan(world, ...args);

    test("a script and the files that it needs are the user's to read, and its end is the script's", async () => {
      await writeFile(join(world.folder, "who.sh"), 'id -un; id -Gn; "$HALLIGAN_WORKDIR/tool.sh"; exit 7\n');
      await writeFile(join(world.folder, "tool.sh"), "#!/bin/sh\necho tool of $(id -un) in $(pwd)\n");
      const ended = await halligan("run", "device-1", "./who.sh", "--put", "./tool.sh", "--as", "nobody", "--json");
      assert.equal(ended.exitCode, 7, ended.stderr);
      const { action, results } = JSON.parse(ended.stdout);
      assert.equal(results[0].output, "nobody\nnogroup\ntool of nobody in /\n");
      const shown = await halligan("action", action.id);
      assert.match(shown.stdout, /^options +runs as nobody$/m);
      const audit = JSON.parse((await halligan("audit", "--action", action.id, "--json")).stdout);
      assert.match(JSON.stringify(audit), /"options":\{"runAs":"nobody"\}/);
    });

    test("exec runs a command line as the user, without the rights of root", async () => {
      const line = "id -u; cat /etc/shadow > /dev/null 2>&1 || echo closed";
      const ended = await halligan("exec", "device-1", line, "--as", "nobody");
      assert.deepEqual([ended.exitCode, ended.stdout], [0, "65534\nclosed\n"], ended.stderr);
    });

    test("a user that the server does not allow is refused, and one that the device does not have fails", async () => {
      const refused = await halligan("exec", "device-1", "id", "--as", "daemon");
      assert.notEqual(refused.exitCode, 0);
      assert.match(refused.stderr, /does not allow scripts to run as daemon: HALLIGAN_RUN_AS_USERS names other users/);
      const failed = await halligan("exec", "device-1", "id", "--as", "no-such-user");
      assert.notEqual(failed.exitCode, 0);
      assert.equal(failed.stdout, "");
      assert.match(failed.stderr, /This device has no user 'no-such-user', so the script was not run/);
    });

    test("a cancel ends what runs as the user, and the machine takes the next action", async () => {
      // Other tests have processes of this user as well.
      const seconds = 100_000 + randomInt(900_000);
      const started = await halligan("exec", "device-1", `sleep ${seconds}`, "--as", "nobody", "--no-wait", "--json");
      assert.equal(started.exitCode, 0, started.stderr);
      const { action } = JSON.parse(started.stdout);
      const statusOf = async () => JSON.parse((await halligan("action", action.id, "--json")).stdout).action.status;
      await until(async () => (await statusOf()) === "InProgress", "the start of the script");
      assert.equal((await halligan("cancel", action.id, "--comment", "enough")).exitCode, 0);
      const next = await halligan("exec", "device-1", `pgrep -u nobody -f 'sleep ${seconds}' || echo gone`);
      assert.equal(next.stdout, "gone\n", next.stderr);
    });
  });
}
