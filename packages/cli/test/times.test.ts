import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatTime } from "../src/render/text/units.ts";
import { ACTION_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

/** The zone of `npm test` again at the end of a test that changes it. */
function restoredZone(): Disposable {
  return {
    [Symbol.dispose]() {
      process.env.TZ = "UTC";
    },
  };
}

describe("times for people", () => {
  it("are in the zone of the computer with its offset", async () => {
    await using world = await makeWorld();
    using _ = restoredZone();
    for (const [zone, time] of [
      ["Europe/Berlin", "2026-11-21 18:32:05+01:00"],
      ["America/St_Johns", "2026-11-21 14:02:05-03:30"],
      ["UTC", "2026-11-21 17:32:05Z"],
    ] as const) {
      // In place of a process for each zone: Node reads the variable again when it changes.
      process.env.TZ = zone;
      const { stdout, exitCode } = await world.run("actions");
      assert.equal(exitCode, 0);
      assert.ok(stdout.includes(time), `${zone}: ${stdout}`);
      const timing = await world.run("action", ACTION_ID, "--timing");
      assert.ok(timing.stdout.includes(`${time.slice(11, 19)}.070${time.slice(19)}`), timing.stdout);
    }
  });

  it("are in the zone of the process's environment, and in UTC with --utc", async () => {
    await using world = await makeWorld();
    const variables = { ...credentialsOf(world.api), TZ: "Europe/Berlin" };
    for (const [options, time] of [
      [[], "2026-11-21 18:32:05+01:00"],
      [["--utc"], "2026-11-21 17:32:05Z"],
    ] as const) {
      const { stdout, exitCode } = await world.spawn(["actions", ...options], { variables }).ended;
      assert.equal(exitCode, 0);
      assert.ok(stdout.includes(time), `${options}: ${stdout}`);
    }
    const timing = await world.spawn(["action", ACTION_ID, "--timing", "--utc"], { variables }).ended;
    assert.ok(timing.stdout.includes("17:32:05.070Z"), timing.stdout);
  });

  it("stay as they are in JSON, and text that is no time is not changed", async () => {
    await using world = await makeWorld();
    using _ = restoredZone();
    process.env.TZ = "Europe/Berlin";
    const { stdout } = await world.run("actions", "--json");
    assert.match(stdout, /"creationDateTimeUtc": "2026-11-21T17:32:05\.1234567Z"/);
    for (const text of ["never", "2026-13-41T00:00:00Z", null]) assert.equal(formatTime(text), text);
  });
});
