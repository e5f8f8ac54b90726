import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../protocol/test/support/until.ts";
import { absentMachine } from "./support/absent-machines.ts";
import { assertSucceeded, FINAL, fetchLink } from "./support/api.ts";
import { getFile, runScript } from "./support/commands.ts";
import { assertError } from "./support/golden.ts";
import { at, listAt, numberAt, textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

/**
 * What time does to actions, results and machines, with every time made short.
 * `docs/contract/lifecycle.md`, `docs/contract/choices.md`.
 */
describe("short times", { skip: onlyHalligan("its settings, and agents that come and go") }, () => {
  const here = setUp({
    agents: 2,
    settings: {
      HALLIGAN_QUEUE_TIMEOUT_MS: "1000",
      HALLIGAN_LOST_MACHINE_TIMEOUT_MS: "1000",
      HALLIGAN_SWEEP_INTERVAL_MS: "50",
      HALLIGAN_SCRIPT_TIMEOUT_MS: "1500",
      HALLIGAN_RESULT_LINK_LIFETIME_MS: "2500",
      HALLIGAN_HEALTH_GRACE_MS: "0",
      // Jumps of the monotonic clock must not look like silence of a link.
      HALLIGAN_LINK_PING_INTERVAL_MS: "600000",
      NODE_OPTIONS: `--import=${import.meta.resolve("./support/monotonic-jump.ts")}`,
    },
  });

  /** The action at its end, with the minute gone that a passed deadline waits for. */
  async function endByTime(id: string): Promise<unknown> {
    return until(async () => {
      const { body } = await here().api.action(id);
      if (FINAL.has(at(body, "status"))) return body;
      here().world.server.kill("SIGUSR2");
      await sleep(250);
      return null;
    }, "the end of the action");
  }

  const machine = (index: number) => here().target.machineIds[index] ?? "";

  test("an action whose machine does not come ends as TimeOut, with its HRESULT", async () => {
    const { api } = here();
    const absentId = await absentMachine(here());
    const id = await api.start(absentId, [getFile("/etc/hostname")]);
    const action = await endByTime(id);
    assert.equal(textAt(action, "status"), "TimeOut");
    assert.equal(numberAt(action, "errorHResult"), 0x800705b4 | 0);
    assert.equal(at(action, "commands", 0, "commandStatus"), "Created");
    assertError(await api.cancel(id), 400, "BadRequest", /TimeOut/);
    assertError(await api.downloadUrl(id, 0), 404, "ResourceNotFound");
    const next = await api.run(absentId, [getFile("/etc/hostname")]);
    assert.equal(next.status, 201, "the machine is free again");
  });

  test("a script over its time is killed: command and action Failed, and what it wrote so far can be downloaded", async () => {
    const { api, library } = here();
    const name = await library.script("over-time", "echo so far; sleep 60; echo never");
    const action = await api.runToEnd(machine(0), [runScript(name), getFile("/etc/hostname")]);
    assert.equal(textAt(action, "status"), "Failed");
    assert.deepEqual(
      listAt(action, "commands").map((command) => at(command, "commandStatus")),
      ["Failed", "Created"],
    );
    assert.match(textAt(action, "commands", 0, "errors", 0), /./);
    assert.equal(textAt(await api.transcript(textAt(action, "id")), "script_output"), "so far\n");
  });

  test("a link runs out and is then refused; a new one gives the same result and nothing runs again", async () => {
    const { api, library } = here();
    const name = await library.script("once", "echo run >> runs.txt; wc -l < runs.txt");
    const action = await api.runToEnd(machine(0), [runScript(name)]);
    const id = textAt(action, "id");
    const url = textAt((await api.downloadUrl(id, 0)).body, "value");
    const answer = await until(async () => {
      await sleep(50);
      const found = await fetchLink(url);
      return found.status !== 200 && found;
    }, "the end of the link");
    assertError(answer, 403, "Forbidden", /expired/);
    const fresh = await api.result(id, 0);
    assert.equal(textAt(fresh.body, "script_output").trim(), "1");
    assert.deepEqual((await api.action(id)).body, { ...Object(action) });
  });

  test("a machine whose device is gone is no longer Active, and filters by health leave it out", async () => {
    const { api, world } = here();
    const gone = machine(1);
    await world.agent(gone).stop();
    const health = async () => textAt((await api.get(`/api/machines/${gone}`)).body, "healthStatus");
    await until(async () => (await health()) !== "Active", "the lost machine");
    assert.equal(await health(), "ImpairedCommunication");
    const filter = encodeURIComponent("onboardingStatus eq 'Onboarded' and healthStatus eq 'Active'");
    const active = await api.get(`/api/machines?$filter=${filter}`);
    assert.equal(active.status, 200, active.text);
    assert.ok(!listAt(active.body, "value").some((one) => at(one, "id") === gone));
    await world.startAgent(gone);
    await until(async () => (await health()) === "Active", "the connected machine");
  });

  test("an action whose device falls silent while it runs ends as TimeOut, and the machine takes the next one when it is back", async () => {
    const { api, library, world } = here();
    const name = await library.script("silent", "sleep 60");
    const id = await api.start(machine(1), [runScript(name)]);
    await api.waitFor(id, (action) => at(action, "status") === "InProgress");
    world.agent(machine(1)).kill("SIGKILL");
    await world.agent(machine(1)).exited;
    const action = await endByTime(id);
    assert.equal(textAt(action, "status"), "TimeOut");
    await world.startAgent(machine(1));
    const next = await library.script("back", "echo back");
    const started = await until(async () => {
      const answer = await api.run(machine(1), [runScript(next)]);
      return answer.status === 201 && answer;
    }, "an accepted start");
    assertSucceeded(await api.waitForEnd(textAt(started.body, "id")));
    assert.equal(textAt((await api.action(id)).body, "status"), "TimeOut", "a final status is never left");
  });
});
