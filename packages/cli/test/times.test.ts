import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatTime } from "../src/render/text/units.ts";
import { ACTION_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

describe("times for people", () => {
  it("are in the zone of the computer with its offset, and in UTC with --utc", async () => {
    await using world = await makeWorld();
    for (const [zone, options, time] of [
      ["Europe/Berlin", [], "2026-11-21 18:32:05+01:00"],
      ["America/St_Johns", [], "2026-11-21 14:02:05-03:30"],
      ["UTC", [], "2026-11-21 17:32:05Z"],
      ["Europe/Berlin", ["--utc"], "2026-11-21 17:32:05Z"],
    ] as const) {
      const variables = { ...credentialsOf(world.api), TZ: zone };
      const { stdout, exitCode } = await world.spawn(["actions", ...options], { variables }).ended;
      assert.equal(exitCode, 0);
      assert.ok(stdout.includes(time), `${zone} ${options}: ${stdout}`);
      const timing = await world.spawn(["action", ACTION_ID, "--timing", ...options], { variables }).ended;
      assert.ok(timing.stdout.includes(`${time.slice(11, 19)}.070${time.slice(19)}`), timing.stdout);
    }
  });

  it("stay as they are in JSON, and text that is no time is not changed", async () => {
    await using world = await makeWorld();
    const variables = { ...credentialsOf(world.api), TZ: "Europe/Berlin" };
    const { stdout } = await world.spawn(["actions", "--json"], { variables }).ended;
    assert.match(stdout, /"creationDateTimeUtc": "2026-11-21T17:32:05\.1234567Z"/);
    for (const text of ["never", "2026-13-41T00:00:00Z", null]) assert.equal(formatTime(text), text);
  });
});
