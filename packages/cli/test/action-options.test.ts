import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withTypedOptions } from "../src/errors/option-names.ts";
import { ACTION_ID } from "./fake-entities.ts";
import { makeWorld } from "./halligan.ts";

describe("options of an action", { concurrency: 4 }, () => {
  it("go with the start, durations in milliseconds and sizes in bytes", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    const script = [
      "--timeout-script",
      "15m",
      "--output-limit",
      "20MB",
      "--expires",
      "2h",
      "--keep-processes",
      "--as",
      "www-data",
    ];
    await world.run("run", "web-01", "a.sh", ...script);
    await world.run("run", "web-01", "a.sh");
    await world.run("get", "web-01", "/x", "--expires", "90s");
    await world.run("put", "web-01", "library:a.sh", "--expires", "7d");
    assert.deepEqual(
      world.api.started.map(({ options }) => options),
      [
        {
          queueTimeoutMs: 7_200_000,
          scriptTimeoutMs: 900_000,
          outputLimitBytes: 20 * 1024 * 1024,
          keepProcesses: true,
          runAs: "www-data",
        },
        undefined,
        { queueTimeoutMs: 90_000 },
        { queueTimeoutMs: 604_800_000 },
      ],
    );
  });

  it("have a start time with its zone, or from now", async () => {
    await using world = await makeWorld();
    const beforeMs = Date.now();
    await world.run("get", "web-01", "/x", "--no-wait", "--not-before", "2030-11-28T22:00+02:00");
    await world.run("get", "web-01", "/x", "--no-wait", "--not-before", "2h");
    const [fixed, relative] = world.api.started.map(({ options }) => options?.notBefore);
    assert.equal(fixed, "2030-11-28T20:00:00.000Z");
    assert.ok(Date.parse(relative ?? "") >= beforeMs + 7_200_000);
  });

  it("are refused before any request when their value is none", async () => {
    await using world = await makeWorld();
    for (const [option, value, message] of [
      ["--timeout-script", "15", /--timeout-script takes a time such as 90s/],
      ["--timeout-script", "0s", /--timeout-script takes a time/],
      ["--output-limit", "20X", /--output-limit takes a size such as 500K/],
      ["--expires", "soon", /--expires takes a time/],
      ["--as", "1000", /--as takes the name of a user of the device such as www-data, not "1000"/],
      ["--as", "a:b", /--as takes the name of a user/],
      ["--not-before", "22:00", /--not-before takes a time such as 2026/],
      ["--not-before", "2026-13-01T00:00Z", /--not-before takes a time such as 2026/],
      ["--not-before", "2026-02-30T00:00Z", /--not-before takes a time such as 2026/],
    ] as const) {
      const { exitCode, stderr } = await world.run("run", "web-01", "a.sh", option, value);
      assert.equal(exitCode, 64, stderr);
      assert.match(stderr, message);
    }
    assert.equal((await world.run("get", "web-01", "/x", "--timeout-script", "5m")).exitCode, 64);
    assert.equal((await world.run("get", "web-01", "/x", "--as", "root")).exitCode, 64);
    assert.deepEqual(world.api.seen, []);
  });

  it("are named as they were typed when the server refuses them", async () => {
    for (const [message, shown] of [
      [
        "options.scriptTimeoutMs is 7200000; the maximum is 3600000",
        "--timeout-script is 2 h 0 min; the maximum is 1 h 0 min",
      ],
      ["options.outputLimitBytes is 2048; the maximum is 1024", "--output-limit is 2.0 KiB; the maximum is 1.0 KiB"],
      ["options.notBefore is 2030-01-01T00:00Z, a time that", "--not-before is 2030-01-01T00:00Z, a time that"],
      ["Commands is empty", "Commands is empty"],
    ] as const) {
      assert.equal(withTypedOptions(message), shown);
    }
  });

  it("are shown by halligan action, also of a final one", async () => {
    await using world = await makeWorld();
    world.api.script.statuses = ["Succeeded"];
    const options = { scriptTimeoutMs: 900_000, outputLimitBytes: 1_536, keepProcesses: true, runAs: "alice" };
    const timing = { actionId: ACTION_ID, status: "Succeeded", steps: [], totalMs: 0, waiting: [], options };
    world.api.script.routes.set(`GET /halligan/v1/actions/${ACTION_ID}/timing`, () => ({ status: 200, json: timing }));
    const { stdout } = await world.run("action", ACTION_ID);
    assert.match(
      stdout,
      /^options +runs as alice, a script may take 15 min 0 s, output up to 1\.5 KiB, keeps processes$/m,
    );
    assert.deepEqual(JSON.parse((await world.run("action", ACTION_ID, "--json")).stdout).options, options);
  });
});
