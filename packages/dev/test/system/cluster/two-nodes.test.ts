import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../../protocol/test/support/until.ts";
import { Cluster } from "../../../src/cluster/cluster.ts";
import { HeldDevice } from "../../e2e/held-device.ts";
import { type Answer, Api, assertSucceeded } from "../../wire/support/api.ts";
import { getFile, runScript, UNKNOWN_MACHINE } from "../../wire/support/commands.ts";
import { EventStream } from "../../wire/support/event-stream.ts";
import { assertError } from "../../wire/support/golden.ts";
import { at, listAt, textAt } from "../../wire/support/json.ts";
import type { Target } from "../../wire/support/target.ts";
import { openOwnBackends } from "./own-backends.ts";

const PLACES = 25;
const SETTINGS = {
  HALLIGAN_LIMITS_PROFILE: "open",
  HALLIGAN_RUN_REQUESTS_PER_MINUTE: "10",
  HALLIGAN_RUNNING_SESSIONS: String(PLACES),
  HALLIGAN_HEALTH_GRACE_MS: "0",
  HALLIGAN_REREAD_INTERVAL_MS: "1000",
};
const SCRIPT = "held.sh";
const ROLES = ["Machine.LiveResponse", "Machine.Read.All", "Library.Manage"];

describe("two nodes of one deployment", { timeout: 300_000 }, () => {
  const owner = new AsyncDisposableStack();
  /** What this machine lacks; null when it has all. */
  let missing: string | null = null;
  let cluster: Cluster;
  let target: Target;
  /** The same administrator at either node. */
  let nodes: readonly [Api, Api];
  let enrollmentToken = "";
  let applications = 0;
  const devices: HeldDevice[] = [];

  before(async () => {
    const backends = await openOwnBackends();
    if (typeof backends === "string") {
      missing = backends;
      return;
    }
    owner.use(backends);
    cluster = owner.use(await Cluster.start({ backends, nodes: 2, settings: SETTINGS }));
    const { clientId, clientSecret, tokenUrl } = cluster.credentials;
    const tokenUrlV1 = tokenUrl.replace("/oauth2/v2.0/token", "/oauth2/token");
    target = { baseUrl: cluster.balancer.url, tokenUrl, tokenUrlV1, clientId, clientSecret, machineIds: [] };
    nodes = [await apiAt(0), await apiAt(1)];
    await cluster.client.putLibraryFile({ fileName: SCRIPT, override: true, content: () => new Blob(["#!/bin/sh\n"]) });
    ({ token: enrollmentToken } = await cluster.client.createEnrollmentToken({ uses: 100, expiresInSeconds: 3_600 }));
  });
  after(() => owner.disposeAsync());

  const onBoth = (title: string, work: () => Promise<void>): void => {
    test(title, (t) => (missing === null ? work() : t.skip(missing)));
  };
  const urlOf = (node: number): string => cluster.nodes[node]?.url ?? "";
  const apiAt = (node: number, own: Partial<Target> = {}): Promise<Api> =>
    Api.open({ ...target, ...own, baseUrl: urlOf(node) });

  /** One application as both nodes see it: runs are counted for each. */
  async function application(): Promise<[Api, Api]> {
    applications += 1;
    const made = await nodes[0].post("/halligan/v1/applications", { name: `caller ${applications}`, roles: ROLES });
    assert.equal(made.status, 201, made.text);
    const own = { clientId: textAt(made.body, "clientId"), clientSecret: textAt(made.body, "clientSecret") };
    return [await apiAt(0, own), await apiAt(1, own)];
  }

  async function device(node: number): Promise<HeldDevice> {
    const held = await HeldDevice.start(urlOf(node), `device-${devices.length}`, enrollmentToken);
    devices.push(owner.use(held));
    return held;
  }

  const idOf = ({ body }: Answer): string => textAt(body, "id");

  onBoth("of twenty starts on one machine at the same moment, ten at each node, exactly one wins", async () => {
    const held = await device(0);
    const callers = [...(await application()), ...(await application())];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => callers[i % 4]?.run(held.machineId, [runScript(SCRIPT)])),
    );
    const won = answers.filter((answer) => answer?.status === 201);
    assert.equal(won.length, 1);
    const id = won[0] ? idOf(won[0]) : "";
    for (const answer of answers) {
      if (answer && answer.status !== 201) assertError(answer, 400, "ActiveRequestAlreadyExists", new RegExp(id));
    }
    held.letGo();
    assertSucceeded(await nodes[1].waitForEnd(id));
    assert.deepEqual(held.ran, [id]);
  });

  onBoth(
    "of twenty starts with one Idempotency-Key, ten at each node, all that are admitted return one action",
    async () => {
      const held = await device(0);
      const callers = await application();
      const start = (i: number): Promise<Answer> | undefined =>
        callers[i % 2]?.post(
          `/api/machines/${held.machineId}/runliveresponse`,
          { Commands: [runScript(SCRIPT)], Comment: "repeated" },
          { headers: { "idempotency-key": "one-key" } },
        );
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => start(i)));
      const started = answers.filter((answer) => answer?.status === 201);
      const ids = new Set(started.map((answer) => answer && idOf(answer)));
      assert.equal(ids.size, 1);
      // The rest is refused by the rate, which counts a repeated start too.
      assert.deepEqual([started.length, answers.filter((answer) => answer?.status === 429).length], [10, 10]);
      held.letGo();
      const [id = ""] = ids;
      assertSucceeded(await nodes[1].waitForEnd(id));
      assert.deepEqual(held.ran, [id]);
    },
  );

  onBoth("the ten runs a minute of one application are counted over both nodes together", async () => {
    const callers = await application();
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) => callers[i % 2]?.run(UNKNOWN_MACHINE, [getFile("/x")])),
    );
    const count = (status: number) => answers.filter((answer) => answer?.status === status).length;
    assert.deepEqual([count(404), count(429)], [10, 14]);
  });

  onBoth("of thirty starts at the same moment over both nodes exactly as many run as there are places", async () => {
    const held = await Promise.all(Array.from({ length: PLACES + 5 }, (_, i) => device(i % 2)));
    const callers = (await Promise.all([application(), application(), application(), application()])).flat();
    const answers = await Promise.all(
      held.map(({ machineId }, i) => callers[i % callers.length]?.run(machineId, [runScript(SCRIPT)])),
    );
    const started = answers.filter((answer) => answer !== undefined && answer.status === 201).map((a) => a && idOf(a));
    assert.equal(started.length, PLACES);
    for (const answer of answers) if (answer && answer.status !== 201) assertError(answer, 429, "TooManyRequests");
    for (const one of held) one.letGo();
    for (const id of started) assertSucceeded(await nodes[0].waitForEnd(id ?? ""));
    assert.equal(held.flatMap(({ ran }) => ran).length, PLACES);
  });

  onBoth("a device that moves to the other node in the middle of a script takes its session along", async () => {
    const held = await device(0);
    const [caller] = await application();
    const id = idOf(await caller.run(held.machineId, [runScript(SCRIPT)]));
    await caller.waitFor(
      id,
      (action) => at(action, "commands", 0, "commandStatus") !== "Created" || held.ran.length > 0,
    );
    await held.moveTo(urlOf(1));
    assert.equal(textAt((await caller.action(id)).body, "status"), "InProgress");
    held.letGo();
    assertSucceeded(await caller.waitForEnd(id));
    assert.deepEqual(held.ran, [id]);
    assert.equal(textAt(await nodes[0].transcript(id), "script_output"), "held\n");
    // The node that it is at now is the one that wakes it.
    const next = idOf(await caller.run(held.machineId, [runScript(SCRIPT)]));
    assertSucceeded(await nodes[1].waitForEnd(next));
  });

  onBoth("a start whose wake-up is lost reaches its device when the store is read again", async () => {
    const held = await device(1);
    held.letGo();
    const [caller] = await application();
    const [first] = cluster.nodes;
    assert.ok(first);
    cluster.disconnectFromNats(first);
    const answer = await caller.run(held.machineId, [runScript(SCRIPT)]);
    assert.equal(answer.status, 201, answer.text);
    assertSucceeded(await caller.waitForEnd(idOf(answer)));
    const ready = await fetch(`${urlOf(0)}/readyz`);
    assert.equal(ready.status, 503, "it was cut off all the time");
    cluster.reconnectToNats(first);
    await until(async () => (await fetch(`${urlOf(0)}/readyz`)).status === 200, "the node with its bus");
  });

  onBoth("a start whose node is killed is repeated at the other node with its key, and is one action", async () => {
    const [first] = cluster.nodes;
    assert.ok(first);
    // Killed at once, in the middle, and after most of the responses.
    for (const delayMs of [0, 5, 25, 100]) {
      const held = await device(1);
      const [atKilled, atOther] = await application();
      const start = (api: Api) =>
        api.post(
          `/api/machines/${held.machineId}/runliveresponse`,
          { Commands: [runScript(SCRIPT)], Comment: "repeated" },
          { headers: { "idempotency-key": "one-key" } },
        );
      const lost = Array.from({ length: 9 }, () => start(atKilled).catch(() => null));
      await sleep(delayMs);
      await first.kill();
      const answered = (await Promise.all(lost)).filter((answer) => answer?.status === 201);
      const repeated = await start(atOther);
      assert.equal(repeated.status, 201, repeated.text);
      const id = idOf(repeated);
      for (const answer of answered) assert.equal(answer && idOf(answer), id);
      held.letGo();
      assertSucceeded(await atOther.waitForEnd(id));
      const filter = encodeURIComponent(`machineId eq '${held.machineId}'`);
      const { body } = await atOther.get(`/api/machineactions?$filter=${filter}`);
      assert.deepEqual(
        listAt(body, "value").map((action) => textAt(action, "id")),
        [id],
      );
      assert.deepEqual(held.ran, [id]);
      await first.restart(AbortSignal.timeout(60_000));
      await until(async () => (await fetch(`${urlOf(0)}/readyz`)).status === 200, "the node that was killed");
    }
  });

  onBoth("output of a device at the other node comes with the end of its script, after a notice", async () => {
    const held = await device(1);
    const id = idOf(await nodes[0].run(held.machineId, [runScript(SCRIPT)]));
    using stream = await EventStream.open(nodes[0], id, {}, "output");
    await stream.until(() => stream.bodies("notice").length === 1);
    assert.equal(textAt(stream.bodies("notice")[0], "code"), "AgentOnAnotherNode");
    held.letGo();
    await stream.over;
    assert.ok(stream.bodies("chunk").length > 0, stream.text);
    assert.deepEqual(stream.bodies("end"), [{ status: "Succeeded" }]);
  });

  onBoth(
    "the devices of a killed node are no longer Active when its lease has run out, and those of the other still are",
    async () => {
      const [lost, kept] = [await device(0), await device(1)];
      const health = async ({ machineId }: HeldDevice) =>
        textAt((await nodes[1].get(`/api/machines/${machineId}`)).body, "healthStatus");
      assert.deepEqual([await health(lost), await health(kept)], ["Active", "Active"]);
      await cluster.nodes[0]?.kill();
      await until(async () => (await health(lost)) !== "Active", "the lost machine");
      assert.equal(await health(kept), "Active");
      const filter = encodeURIComponent("healthStatus eq 'Active'");
      const active = listAt((await nodes[1].get(`/api/machines?$filter=${filter}`)).body, "value");
      const ids = active.map((machine) => textAt(machine, "id"));
      assert.ok(!ids.includes(lost.machineId) && ids.includes(kept.machineId));
      await lost.moveTo(urlOf(1));
      assert.equal(await health(lost), "Active");
    },
  );
});
