import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { assertSucceeded } from "./support/api.ts";
import { getFile, runScript } from "./support/commands.ts";
import { at, textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

/** `options.notBefore`. The store is not polled: only a timer of the connection ends the wait. */
const skip = onlyHalligan("options of an action");

describe("a later start time", { skip, timeout: 180_000 }, () => {
  const here = setUp({
    agents: 1,
    settings: { HALLIGAN_REREAD_INTERVAL_MS: "3600000", HALLIGAN_RUNNING_SESSIONS: "1" },
  });
  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
  const machineId = () => here().target.machineIds[0] ?? "";

  async function schedule(notBefore: string, text = "echo ran"): Promise<string> {
    const { api, library } = here();
    const Commands = [runScript(await library.script("scheduled", text))];
    const body = { Commands, Comment: "wire test", options: { notBefore } };
    const answer = await api.post(`/halligan/v1/machines/${machineId()}/actions`, body);
    assert.equal(answer.status, 201, answer.text);
    return textAt(answer.body, "id");
  }
  const actionOf = async (id: string) => (await here().api.get(`/halligan/v1/actions/${id}`)).body;

  /** The first claim is not before the start time, both by the clock of the server. */
  async function assertStartedAfter(id: string, notBefore: string): Promise<void> {
    const timing = await here().api.get(`/halligan/v1/actions/${id}/timing`);
    assert.equal(textAt(timing.body, "steps", 1, "step"), "claimed");
    assert.ok(Date.parse(textAt(timing.body, "steps", 1, "at")) >= Date.parse(notBefore));
  }

  test("until then the machine takes other actions, and at that time the connection sends it", async () => {
    const { api } = here();
    const notBefore = inMs(4_000);
    const id = await schedule(notBefore);
    const waiting = at(await actionOf(id), "waiting");
    assert.equal(textAt(waiting, "reason"), "NotBefore");
    assert.equal(Date.parse(textAt(waiting, "until")), Date.parse(notBefore));
    assertSucceeded(await api.runToEnd(machineId(), [getFile("/etc/hostname")]));
    assertSucceeded(await api.waitForEnd(id));
    await assertStartedAfter(id, notBefore);
    assert.equal(textAt(await actionOf(id), "options", "notBefore"), notBefore);
  });

  test("while another action runs at that time, it starts at the end of that one", async () => {
    const { api, library } = here();
    const notBefore = inMs(1_000);
    const id = await schedule(notBefore);
    const before = await api.start(machineId(), [runScript(await library.script("before", "sleep 3"))]);
    const reason = async () => textAt(await actionOf(id), "waiting", "reason");
    await until(async () => (await reason()) === "PreviousActionEnding", "the reason PreviousActionEnding");
    assertSucceeded(await api.waitForEnd(before));
    assertSucceeded(await api.waitForEnd(id));
  });

  test("it can be cancelled before, and is never sent", async () => {
    const { api } = here();
    const id = await schedule(inMs(60_000));
    assert.equal((await api.cancel(id)).status, 200);
    assertSucceeded(await api.runToEnd(machineId(), [getFile("/etc/hostname")]));
    const timing = await api.get(`/halligan/v1/actions/${id}/timing`);
    assert.equal(textAt(timing.body, "status"), "Cancelled");
    assert.equal(textAt(timing.body, "steps", 1, "step"), "final");
  });

  test("a restart of the server between does not lose the time", async () => {
    const { api, world } = here();
    const notBefore = inMs(8_000);
    const id = await schedule(notBefore);
    world.server.kill("SIGKILL");
    await world.server.exited;
    await world.startServer();
    assertSucceeded(await api.waitForEnd(id));
    await assertStartedAfter(id, notBefore);
  });

  test("a machine has a limited number of them", async () => {
    const { api, library } = here();
    const Commands = [runScript(await library.script("many", "true"))];
    const body = { Commands, Comment: "wire test", options: { notBefore: inMs(600_000) } };
    const ids: string[] = [];
    const post = () => api.post(`/halligan/v1/machines/${machineId()}/actions`, body);
    for (let count = 0; count < 16; count += 1) ids.push(textAt((await post()).body, "id"));
    const refused = await post();
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, /has 16 actions with a later start time/);
    for (const id of ids) assert.equal((await api.cancel(id)).status, 200);
  });
});
