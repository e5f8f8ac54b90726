import assert from "node:assert/strict";
import { test } from "node:test";
import { absentMachine } from "../support/absent-machines.ts";
import { assertSucceeded } from "../support/api.ts";
import { getFile, runScript } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * Starts on a machine that is busy, absent or unsupported.
 * `docs/contract/http-api.md#run-live-response`.
 */

test("a second start on a busy machine is 400 ActiveRequestAlreadyExists, its message ending with the id in the way", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("busy", "sleep 60");
  const id = await api.start(machineId, [runScript(name)]);
  await api.waitFor(id, (action) => at(action, "status") === "InProgress");
  const answer = await api.run(machineId, [runScript(name)]);
  assertError(answer, 400, "ActiveRequestAlreadyExists");
  assert.ok(textAt(answer.body, "error", "message").endsWith(`active action id: ${id}`), answer.text);
  assert.equal((await api.cancel(id)).status, 200);
});

test("an action that still waits for its machine blocks it too", {
  skip: onlyHalligan("a device that is offline"),
}, async () => {
  const { api } = here();
  const absentId = await absentMachine(here());
  const id = await api.start(absentId, [getFile("/etc/hostname")]);
  assert.equal(textAt((await api.action(id)).body, "status"), "Pending");
  const answer = await api.run(absentId, [getFile("/etc/hostname")]);
  assertError(answer, 400, "ActiveRequestAlreadyExists", new RegExp(`active action id: ${id}`));
  assert.equal((await api.cancel(id)).status, 200);
  assert.equal((await api.run(absentId, [getFile("/etc/hostname")])).status, 201);
});

test("of starts at the same moment exactly one wins", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("race", "sleep 0.2");
  const answers = await Promise.all(Array.from({ length: 8 }, () => api.run(machineId, [runScript(name)])));
  const won = answers.filter(({ status }) => status === 201);
  assert.equal(won.length, 1);
  const id = textAt(won[0]?.body, "id");
  for (const answer of answers) {
    if (answer.status !== 201)
      assertError(answer, 400, "ActiveRequestAlreadyExists", new RegExp(`active action id: ${id}`));
  }
  await api.waitForEnd(id);
});

test("an action for an absent machine waits, and runs when the machine is there", {
  skip: onlyHalligan("a device that comes later"),
}, async () => {
  const { api, world } = here();
  const { id: absentId } = await world.enrollAgent("comes-later");
  const id = await api.start(absentId, [getFile("/etc/hostname")]);
  assert.equal(textAt((await api.action(id)).body, "status"), "Pending");
  await world.startAgent(absentId);
  assertSucceeded(await api.waitForEnd(id));
});

for (const [what, facts, code] of [
  ["an unsupported system", { osPlatform: "SunOS" }, "OsPlatformNotSupported"],
  ["macOS before 11", { osPlatform: "macOS", version: "10.15.7" }, "OsPlatformNotSupported"],
  ["Windows 10 before 1709", { osPlatform: "Windows10", osBuild: 15_063 }, "OsPlatformNotSupported"],
  ["an agent that is too old", { agentVersion: "0.0.9" }, "ClientVersionNotSupported"],
] as const) {
  test(`${what}: 400 ${code}`, { skip: onlyHalligan("devices that say of themselves what they like") }, async () => {
    const machineId = await absentMachine(here(), facts);
    assertError(await here().api.run(machineId, [getFile("/x")]), 400, code);
  });
}

for (const facts of [
  { osPlatform: "macOS", version: "11.0" },
  { osPlatform: "macOS", version: "13.6" },
  { osPlatform: "Windows10", osBuild: 16_299 },
  { osPlatform: "Windows11", osBuild: 22_000 },
  { osPlatform: "WindowsServer2019", osBuild: 17_763 },
  { osPlatform: "WindowsServer2022", osBuild: 20_348 },
  { osPlatform: "WindowsServer2025", osBuild: 26_100 },
  { osPlatform: "Linux", version: "8" },
]) {
  test(`live response is taken for ${facts.osPlatform} ${facts.osBuild ?? facts.version}`, {
    skip: onlyHalligan("devices that say of themselves what they like"),
  }, async () => {
    const machineId = await absentMachine(here(), facts);
    assert.equal((await here().api.run(machineId, [getFile("/x")])).status, 201);
  });
}
