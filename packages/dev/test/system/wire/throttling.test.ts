import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { absentMachine } from "../../wire/support/absent-machines.ts";
import type { Answer, Api } from "../../wire/support/api.ts";
import { applicationWith } from "../../wire/support/applications.ts";
import { getFile, runScript, UNKNOWN_ACTION, UNKNOWN_MACHINE } from "../../wire/support/commands.ts";
import { assertError } from "../../wire/support/golden.ts";
import { at, textAt } from "../../wire/support/json.ts";
import { type Here, onlyHalligan, setUp } from "../../wire/support/target.ts";

/**
 * Limits with their exact numbers. `docs/contract/http-api.md#rate-limits`,
 * `docs/contract/clients-in-the-wild.md#errors-and-throttling`, `docs/contract/choices.md#limits`.
 */
const skip = onlyHalligan("its settings, and applications of its own for each test");

const ROLES = ["Machine.LiveResponse", "Machine.Read.All", "Machine.ReadWrite.All", "Library.Manage"];
const PLACES = 2;

/**
 * A refusal for too many requests, with words that one client repeats on; its `Retry-After` in
 * seconds.
 */
function retryAfter(answer: Answer): number {
  assertError(answer, 429, "TooManyRequests", /too many requests/i);
  const text = answer.headers.get("retry-after") ?? "";
  assert.match(text, /^[1-9]\d*$/);
  return Number(text);
}

describe("the defender profile", { skip }, () => {
  const here = setUp({
    agents: 3,
    settings: { HALLIGAN_LIMITS_PROFILE: "defender", HALLIGAN_RUNNING_SESSIONS: String(PLACES) },
  });
  const application = (name: string) => applicationWith(here(), name, ROLES);

  test("ten runs a minute: the eleventh is 429, and its Retry-After is the time until the first leaves the minute", async () => {
    const api = await application("runs");
    const absentId = await absentMachine(here());
    let firstSentMs = 0;
    let firstAnsweredMs = 0;
    for (let i = 0; i < 10; i += 1) {
      if (i === 0) firstSentMs = performance.now();
      const id = await api.start(absentId, [getFile("/etc/hostname")]);
      if (i === 0) firstAnsweredMs = performance.now();
      assert.equal((await api.cancel(id)).status, 200);
    }
    const sentMs = performance.now();
    const refused = await api.run(absentId, [getFile("/etc/hostname")]);
    const waitS = retryAfter(refused);
    const named = /the limit of RunLiveResponse is reached \(10 a minute for each application or user\)/;
    assertError(refused, 429, "TooManyRequests", named);
    const least = 60 - (performance.now() - firstSentMs) / 1_000;
    const most = 60 - (sentMs - firstAnsweredMs) / 1_000;
    assert.ok(waitS >= Math.floor(least) && waitS <= Math.ceil(most), `${waitS} is not within ${least} to ${most}`);
  });

  test("runs are counted for each calling application", async () => {
    const [first, second] = [await application("first"), await application("second")];
    const run = (api: Api) => api.run(UNKNOWN_MACHINE, [getFile("/x")]);
    for (let i = 0; i < 10; i += 1) assertError(await run(first), 404, "ResourceNotFound");
    retryAfter(await run(first));
    assertError(await run(second), 404, "ResourceNotFound");
  });

  test("starts of both ways are counted together", async () => {
    const api = await application("both ways");
    const command = { ...runScript("x.sh"), content: "echo x" };
    const own = () =>
      api.post(`/halligan/v1/machines/${UNKNOWN_MACHINE}/actions`, { Commands: [command], Comment: "x" });
    const contract = () => api.run(UNKNOWN_MACHINE, [getFile("/x")]);
    for (let i = 0; i < 5; i += 1) {
      assertError(await own(), 404, "ResourceNotFound");
      assertError(await contract(), 404, "ResourceNotFound");
    }
    retryAfter(await own());
    retryAfter(await contract());
  });

  for (const [name, request] of [
    ["PUT content", (api) => api.send("PUT", `/halligan/v1/content/${"a".repeat(64)}`, { body: "x" })],
    ["GET machineactions", (api) => api.get("/api/machineactions?$top=1")],
    ["GET machineactions/{id}", (api) => api.action(UNKNOWN_ACTION)],
    ["GET GetLiveResponseResultDownloadLink", (api) => api.downloadUrl(UNKNOWN_ACTION, 0)],
    ["POST cancel", (api) => api.cancel(UNKNOWN_ACTION)],
    ["GET machines", (api) => api.get("/api/machines?$top=1")],
    ["GET machines/{id}", (api) => api.get(`/api/machines/${UNKNOWN_MACHINE}`)],
    ["GET machines/findbytag", (api) => api.get("/api/machines/findbytag?tag=x")],
    ["GET libraryfiles", (api) => api.get("/api/libraryfiles")],
    ["DELETE libraryfiles", (api) => api.send("DELETE", "/api/libraryfiles/none")],
    ["POST libraryfiles", (api) => api.send("POST", "/api/libraryfiles", { body: new FormData() })],
    ["POST revoke-links", (api) => api.post(`/halligan/v1/actions/${UNKNOWN_ACTION}/revoke-links`, {})],
    [
      "PUT machines/{id}/name",
      (api) => api.send("PUT", `/halligan/v1/machines/${UNKNOWN_MACHINE}/name`, { json: { name: "x" } }),
    ],
  ] satisfies [string, (api: Api) => Promise<Answer>][]) {
    test(`${name}: a hundred a minute pass, the next one is 429`, async () => {
      const api = await application(name);
      const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await request(api)).status));
      assert.ok(!statuses.includes(429));
      const waitS = retryAfter(await request(api));
      assert.ok(waitS <= 60);
    });
  }

  for (const [name, contract, own] of [
    ["a list of machines", (api) => api.get("/api/machines?$top=1"), (api) => api.get("/halligan/v1/machines?$top=1")],
    [
      "an upload to the library",
      (api) => api.send("POST", "/api/libraryfiles", { body: new FormData() }),
      (api) => api.send("PUT", "/halligan/v1/library/x.sh", { body: "x" }),
    ],
    [
      "tags of a machine",
      (api) => api.post(`/api/machines/${UNKNOWN_MACHINE}/tags`, { Value: "t", Action: "Add" }),
      (api) => api.send("PUT", `/halligan/v1/machines/${UNKNOWN_MACHINE}/tags`, { json: { tags: ["t"] } }),
    ],
  ] satisfies [string, (api: Api) => Promise<Answer>, (api: Api) => Promise<Answer>][]) {
    test(`${name}: both ways are counted together`, async () => {
      const api = await application(name);
      const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await contract(api)).status));
      assert.ok(!statuses.includes(429));
      retryAfter(await own(api));
    });
  }

  test("of starts at the same moment as many run as there are places, the others are 429 with 30 seconds", async () => {
    const { library, target } = here();
    const api = await application("places");
    const slow = await library.script("slow", "sleep 120");
    const answers = await Promise.all(target.machineIds.map((id) => api.run(id, [runScript(slow)])));
    const started = answers.filter(({ status }) => status === 201).map(({ body }) => textAt(body, "id"));
    assert.equal(started.length, PLACES);
    const refused = answers.find(({ status }) => status !== 201);
    assert.ok(refused);
    assert.equal(retryAfter(refused), 30);
    for (const id of started) assert.equal((await api.cancel(id)).status, 200);
  });

  test("a session on an absent machine takes no place; when its machine is there it waits for a free one", async () => {
    const { library, target, world } = here();
    const api = await application("absent");
    const slow = await library.script("slow-too", "sleep 120");
    const [first = "", second = ""] = target.machineIds;
    const taken = [await startWhenFree(api, first, slow), await startWhenFree(api, second, slow)];
    const { id: absentId } = await world.enrollAgent("comes-later");
    const waiting = await api.start(absentId, [getFile("/etc/hostname")]);
    await world.startAgent(absentId);
    assert.equal(textAt((await api.get(`/api/machines/${absentId}`)).body, "healthStatus"), "Active");
    assert.equal(textAt((await api.action(waiting)).body, "status"), "Pending");
    await api.cancel(taken[0] ?? "");
    assert.equal(at(await here().api.waitForEnd(waiting), "status"), "Succeeded");
    await api.cancel(taken[1] ?? "");
  });
});

describe("the hour", { skip }, () => {
  const here = setUp({
    agents: 0,
    settings: { HALLIGAN_LIMITS_PROFILE: "defender", HALLIGAN_REQUESTS_PER_HOUR: "5" },
  });

  test("a limit for the hour applies with that of the minute, and states the rest of the hour", async () => {
    const api = await applicationWith(here(), "hour", ROLES);
    for (let i = 0; i < 5; i += 1) assert.equal((await api.get("/api/machines")).status, 200);
    const waitS = retryAfter(await api.get("/api/machines"));
    assert.ok(waitS > 60 && waitS <= 3_600, String(waitS));
  });
});

describe("the open profile", { skip }, () => {
  const here: () => Here = setUp({ agents: 0 });

  test("the open profile lifts the throttles", async () => {
    const { api } = here();
    const runs = await Promise.all(Array.from({ length: 30 }, () => api.run(UNKNOWN_MACHINE, [getFile("/x")])));
    const reads = await Promise.all(Array.from({ length: 200 }, () => api.get("/api/machines?$top=1")));
    assert.ok(![...runs, ...reads].some(({ status }) => status === 429));
  });
});

/** The place of a cancelled session is free when its device has ended what ran. */
async function startWhenFree(api: Api, machineId: string, script: string): Promise<string> {
  return until(async () => {
    const answer = await api.run(machineId, [runScript(script)]);
    if (answer.status === 201) return textAt(answer.body, "id");
    retryAfter(answer);
    return null;
  }, "an accepted start");
}
