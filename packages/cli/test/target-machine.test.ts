import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MACHINE_ID } from "./fake-entities.ts";
import { makeWorld } from "./halligan.ts";

const machines = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: index === 0 ? MACHINE_ID : index.toString(16).padStart(40, "0"),
    computerDnsName: `web-${index}`,
  }));

describe("a machine by --tag, --group and --filter", { concurrency: 4 }, () => {
  it("is the one machine that matches all of them", async () => {
    await using world = await makeWorld();
    let filter: string | null = null;
    world.api.onRequest = (line, query) => {
      if (line === "GET /api/machines") filter = query.get("$filter");
    };
    const options = ["--tag", "it's", "--group", "Servers", "--filter", "osPlatform eq 'Linux' or isHot eq true"];
    const { exitCode, stderr } = await world.run("get", "/var/log/auth.log", ...options);
    assert.equal(exitCode, 0, stderr);
    assert.equal(
      filter,
      "(machineTags/any(t: t eq 'it''s')) and (rbacGroupName eq 'Servers') and (osPlatform eq 'Linux' or isHot eq true)",
    );
    assert.deepEqual(
      world.api.started.map(({ machineId }) => machineId),
      [MACHINE_ID],
    );
  });

  it("a filter does not make the other options void, and alone it is sent as it is", async () => {
    await using world = await makeWorld();
    let filter: string | null = null;
    world.api.onRequest = (line, query) => {
      if (line === "GET /api/machines") filter = query.get("$filter");
    };
    for (const open of ["a eq 'z') or (b eq 'y'", "(a eq 'z'", "a eq 'z", "a eq 'z''", ") or (", "a eq ')') or ('"]) {
      const { exitCode, stderr } = await world.run("get", "--tag", "none", "--filter", open, "--force", "/etc/hosts");
      assert.deepEqual([exitCode, /not closed in pairs/.test(stderr)], [64, true], open);
    }
    assert.equal(filter, null);
    for (const closed of ["a eq ') or ('", "a eq 'it''s (' and (b eq 'y')"]) {
      assert.equal(
        (await world.run("get", "--tag", "none", "--filter", closed, "--force", "/etc/hosts")).exitCode,
        0,
        closed,
      );
      assert.equal(filter, `(machineTags/any(t: t eq 'none')) and (${closed})`);
    }
    assert.equal((await world.run("get", "--filter", "junk eq", "--force", "/etc/hosts")).exitCode, 0);
    assert.equal(filter, "junk eq");
    for (const option of ["--tag", "--group", "--filter"]) {
      const { exitCode, stderr } = await world.run("get", option, "", "--force", "/etc/hosts");
      assert.deepEqual([exitCode, /is empty/.test(stderr)], [64, true], option);
    }
  });

  it("is refused when several match: the error lists up to ten, and nothing is started", async () => {
    await using world = await makeWorld();
    for (const [count, said] of [
      [2, "2 machines"],
      [10, "10 machines"],
      [11, "More than 10 machines"],
    ] as const) {
      world.api.script.machines = machines(count);
      const { exitCode, stdout, stderr } = await world.run("get", "--tag", "lab", "/var/log/auth.log");
      assert.equal(exitCode, 64);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`${said} match --tag lab, and exactly one must`));
      assert.equal(stderr.match(/^ {2}[0-9a-f]{40} {2}web-\d+$/gm)?.length, Math.min(count, 10));
    }
    const { stdout } = await world.run("put", "--tag", "lab", "x", "--json");
    const { error, machineIds } = JSON.parse(stdout);
    assert.deepEqual([error.code, machineIds.length], ["AmbiguousMachine", 10]);
    assert.deepEqual(world.api.started, []);
  });

  it("is not found when none matches", async () => {
    await using world = await makeWorld();
    world.api.script.machines = [];
    const { exitCode, stderr } = await world.run("put", "--group", "None", "x");
    assert.deepEqual([exitCode, /No machine matches --group None/.test(stderr)], [66, true]);
  });

  it("does not go together with MACHINE, and one of both is needed", async () => {
    await using world = await makeWorld();
    for (const args of [
      ["get", "web-01", "/x", "--tag", "lab"],
      ["get", "/x"],
      ["put", "--tag", "lab"],
      ["machines", "show"],
      ["machines", "show", "web-01", "--group", "Servers"],
    ]) {
      const { exitCode, stderr } = await world.run(...args);
      assert.deepEqual([exitCode, /MACHINE|missing/.test(stderr)], [64, true], args.join(" "));
    }
    assert.deepEqual(world.api.seen, []);
  });
});
