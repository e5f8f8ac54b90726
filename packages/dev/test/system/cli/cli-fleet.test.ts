import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../../../../protocol/test/support/until.ts";
import { World } from "../../../src/world.ts";
import { addScript } from "../../e2e/live-response.ts";
import { halligan as callHalligan, variablesFor } from "./halligan.ts";

const CLI = fileURLToPath(new URL("../../../../cli/bin/halligan.mjs", import.meta.url));

/**
 * `halligan` with a real server and a real agent: everything that an operator does with machines,
 * groups, tokens and audit.
 */
describe("halligan for operators", { timeout: 600_000 }, () => {
  let world: World;
  before(async () => {
    world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  });
  after(() => world[Symbol.asyncDispose]());

  function start(...args: string[]) {
    return spawn(process.execPath, [CLI, ...args], {
      cwd: world.folder,
      env: { PATH: process.env.PATH ?? "", ...variablesFor(world) },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  const halligan = (...args: string[]) => callHalligan(world, ...args);

  /** The document of `--json` of a command that must succeed. */
  async function json(...args: string[]) {
    const { exitCode, stdout, stderr } = await halligan(...args, "--json");
    assert.equal(exitCode, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  test("a machine is renamed, tagged, put into a group and shown", async () => {
    assert.equal((await halligan("machines", "rename", "device-1", "front desk")).exitCode, 0);
    assert.equal((await halligan("machines", "show", "device-1")).exitCode, 66);
    assert.deepEqual((await json("tags", "add", "front desk", "lab", "tier-1")).tags, ["lab", "tier-1"]);
    assert.deepEqual((await json("tags", "remove", "front desk", "tier-1")).tags, ["lab"]);
    assert.deepEqual((await json("tags", "set", "front desk", "a", "b")).tags, ["a", "b"]);
    const { group } = await json("groups", "create", "kiosks", "--user-group", "soc");
    assert.deepEqual(group.userGroups, ["soc"]);
    await json("groups", "update", "kiosks", "--level", "semi-all");
    await json("groups", "assign", "front desk", "kiosks");
    const { machine } = await json("machines", "show", "front desk");
    assert.deepEqual(
      [machine.deviceName, machine.displayName, machine.rbacGroupName, machine.machineTags, machine.isConnected],
      ["device-1", "front desk", "kiosks", ["a", "b"], true],
    );
    assert.equal((await halligan("groups", "delete", "kiosks")).exitCode, 67);
    await json("groups", "assign", "front desk", "0");
    assert.deepEqual(await json("groups", "delete", "kiosks"), { deleted: group.id });
    await json("machines", "rename", "front desk", "--reset");
    assert.match((await halligan("machines", "show", "device-1")).stdout, /^machine +device-1$/m);
  });

  test("a token is listed without itself, leads to its machine, and is revoked", async () => {
    const { machine } = await json("machines", "show", "device-1");
    const { machines } = await json("machines", "--enrolled-with", machine.enrollmentTokenId);
    assert.deepEqual(
      machines.map(({ id }: { id: string }) => id),
      [machine.id],
    );
    const created = (await json("enrollment-token", "create", "--uses", "5")).enrollmentToken;
    const usable = await halligan("enrollment-token", "list", "--usable");
    assert.ok(usable.stdout.includes(created.id) && !usable.stdout.includes(created.token), usable.stdout);
    assert.equal((await json("enrollment-token", "revoke", created.id)).enrollmentToken.state, "revoked");
    assert.ok(!(await halligan("enrollment-token", "list", "--usable")).stdout.includes(created.id));
    assert.equal((await halligan("enrollment-token", "revoke", "none")).exitCode, 66);
  });

  test("the versions of a library file are listed and written out as they were", async () => {
    await addScript(world, "kept.sh", "#!/bin/sh\necho one\n");
    await mkdir(join(world.folder, "new"), { recursive: true });
    await writeFile(join(world.folder, "new", "kept.sh"), "#!/bin/sh\necho two\n");
    assert.equal((await halligan("library", "add", "new/kept.sh", "--override")).exitCode, 0);
    const { versions } = await json("library", "versions", "kept.sh");
    assert.equal(versions.length, 2);
    assert.equal((await halligan("library", "show", "kept.sh")).stdout, "#!/bin/sh\necho two\n");
    const first = await halligan("library", "show", "kept.sh", "--sha256", versions[1].sha256);
    assert.equal(first.stdout, "#!/bin/sh\necho one\n");
    assert.equal((await halligan("library", "show", "absent.sh")).exitCode, 66);
  });

  test("a library file is rolled back to an earlier version by the first digits of its SHA-256, also after its removal", async () => {
    const name = "rolled.sh";
    await addScript(world, name, "#!/bin/sh\necho one\n");
    await writeFile(join(world.folder, name), "#!/bin/sh\necho two\n");
    await json("library", "add", name, "--override", "--description", "the second");
    const { versions } = await json("library", "versions", name);
    const [second, first] = versions.map(({ sha256 }: { sha256: string }) => sha256);
    const rolledBack = await json("library", "rollback", name, first.slice(0, 10).toUpperCase());
    assert.deepEqual([rolledBack.isChanged, rolledBack.file.sha256], [true, first]);
    assert.equal((await halligan("library", "show", name)).stdout, "#!/bin/sh\necho one\n");
    assert.equal((await json("library", "rollback", name, first)).isChanged, false);
    await json("library", "remove", name);
    assert.equal((await json("library", "rollback", name, second)).file.description, "the second");
    const refused = async (version: string) => (await halligan("library", "rollback", name, version)).exitCode;
    assert.deepEqual([await refused("0".repeat(64)), await refused("abc"), await refused("latest-one")], [66, 64, 64]);
  });

  test("a machine is named by its tag, its group or a filter, and only if it is the only one", async () => {
    await json("tags", "add", "device-1", "case-4711");
    const shown = async (...args: string[]) => (await json("machines", "show", ...args)).machine.computerDnsName;
    assert.equal(await shown("--tag", "case-4711"), "device-1");
    assert.equal(await shown("--filter", "computerDnsName eq 'device-1' or computerDnsName eq 'none'"), "device-1");
    assert.equal(await shown("--tag", "case-4711", "--filter", "computerDnsName eq 'device-1'"), "device-1");
    assert.equal((await halligan("machines", "show", "--tag", "case-4712")).exitCode, 66);
    assert.equal((await halligan("machines", "show", "--group", "No such group")).exitCode, 66);
    await json("tags", "remove", "device-1", "case-4711");
  });

  test("an action is watched from its start to its end, and the audit is followed meanwhile", async () => {
    const [begun, go] = [join(world.folder, "begun"), join(world.folder, "go")];
    await addScript(
      world,
      "waits.sh",
      `#!/bin/sh\ntouch ${begun}\nwhile [ ! -e ${go} ]; do sleep 0.05; done\nexit 0\n`,
    );
    const follower = start("audit", "--follow", "--json", "--top", "1");
    let followed = "";
    follower.stdout.setEncoding("utf8").on("data", (text: string) => {
      followed += text;
    });
    await until(() => followed.includes("\n"), "the first line of the follower");
    const { action } = await json("run", "device-1", "waits.sh", "--no-wait");
    const isBegun = () =>
      access(begun).then(
        () => true,
        () => false,
      );
    await until(isBegun, "the start of the script");
    const watcher = start("watch", action.id, "--json");
    const watcherClosed = once(watcher, "close");
    let stdout = "";
    watcher.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    await until(() => stdout.includes('"InProgress"'), "the running action");
    await writeFile(go, "");
    assert.deepEqual((await watcherClosed)[0], 0);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const statuses = events.flatMap(({ event, action: shown }) => (event === "action" ? [shown.status] : []));
    assert.deepEqual([statuses[0], statuses.at(-1)], ["InProgress", "Succeeded"]);
    await until(() => followed.includes('"MachineActionEnded"'), "the audit record of the end");
    follower.kill("SIGINT");
    assert.deepEqual((await once(follower, "close"))[0], 130);
    const records = followed
      .trimEnd()
      .split("\n")
      .filter((line) => line.startsWith('{"seq"'));
    const operations = records.map((line) => JSON.parse(line)).filter(({ actionId }) => actionId === action.id);
    assert.deepEqual(
      operations.map(({ operation }) => operation),
      ["RunLiveResponse", "OrderClaimed", "MachineActionEnded"],
    );
    assert.match((await halligan("audit", "--action", action.id)).stdout, /RunLiveResponse/);
  });

  test("a retired machine's script is ended on the device, and the machine is reinstated or removed", async () => {
    const [begun, ended] = [join(world.folder, "runs"), join(world.folder, "ran on")];
    await addScript(
      world,
      "endless.sh",
      `#!/bin/sh\ntouch "${begun}"\nwhile :; do touch "${ended}"; sleep 0.05; done\n`,
    );
    const { action } = await json("run", "device-1", "endless.sh", "--no-wait");
    const exists = (path: string) =>
      access(path).then(
        () => true,
        () => false,
      );
    await until(() => exists(begun), "the start of the script");
    const agent = world.agent(world.machines[0]?.id ?? "");
    const commandEnded = agent.line((line) => line.includes('"event":"commandEnded"') && line.includes(action.id));
    assert.equal((await json("machines", "retire", "device-1", "--reason", "sold")).machine.state, "retired");
    await commandEnded;
    const { stdout } = await halligan("action", action.id);
    assert.match(stdout, /Failed/);
    assert.match(stdout, /The machine was retired by administrator: sold/);
    assert.ok(!(await halligan("machines")).stdout.includes("device-1"));
    assert.ok((await halligan("machines", "--retired")).stdout.includes("device-1"));
    assert.equal((await halligan("run", "device-1", "endless.sh", "--no-wait")).exitCode, 66);
    await json("machines", "reinstate", "device-1");
    await agent.stop();
    await world.startAgent(world.machines[0]?.id ?? "");
    await addScript(world, "hello.sh", "#!/bin/sh\necho hello\n");
    assert.equal((await halligan("run", "device-1", "hello.sh")).stdout, "hello\n");
    assert.equal((await halligan("machines", "remove", "device-1")).exitCode, 66);
    await json("machines", "retire", "device-1");
    assert.deepEqual(await json("machines", "remove", "device-1"), { removed: world.machines[0]?.id });
    assert.equal((await halligan("machines", "show", "device-1")).exitCode, 66);
    assert.equal((await json("action", action.id)).action.status, "Failed");
  });
});
