import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ActionWithResultsWire } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import { until } from "../../../protocol/test/support/until.ts";
import { absentMachine } from "./support/absent-machines.ts";
import type { Command } from "./support/api.ts";
import { applicationWith } from "./support/applications.ts";
import { getFile, runScript, UNKNOWN_ACTION } from "./support/commands.ts";
import { openDefaultGroup } from "./support/default-group.ts";
import { eventsOf } from "./support/event-stream.ts";
import { assertError } from "./support/golden.ts";
import { at, listAt, textAt } from "./support/json.ts";
import { OutsideIssuer } from "./support/outside-issuer.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

const skip = onlyHalligan("its own interface for waiting");
const requestOf = (...commands: Command[]) => ({ Commands: commands, Comment: "wire test" });
const startPath = (machineId: string, wait = "") => `/halligan/v1/machines/${machineId}/actions${wait}`;
const joinPath = (id: string, wait = "") => `/halligan/v1/actions/${id}${wait}`;

describe("a request that waits for its action", { skip, timeout: 120_000 }, () => {
  const issuer = new OutsideIssuer();
  const here = setUp({ open: (stack) => stack.use(issuer).open() }, ({ api }) => openDefaultGroup(api));
  const fetched = async (id: string) => {
    const query = `actionId=${id}&operation=GetLiveResponseResultDownloadLink`;
    return listAt((await here().api.get(`/halligan/v1/audit?${query}`)).body, "value");
  };
  const actionsOf = async (machineId: string) =>
    listAt((await here().api.get(`/api/machineactions?$filter=machineId eq '${machineId}'`)).body, "value");

  test("starts a script and has its output: one request, 201, and the same transcript as the download", async () => {
    const { api, library, machineId, target } = here();
    const name = await library.script("one-request", "echo out; echo err >&2; exit 3");
    const answer = await api.post(startPath(machineId, "?wait=30s"), requestOf(runScript(name)));
    assert.equal(answer.status, 201, answer.text);
    Value.Assert(ActionWithResultsWire, answer.body);
    const { id, status, results } = answer.body;
    assert.equal(status, "Succeeded");
    assert.equal(answer.headers.get("location"), `${target.baseUrl}${joinPath(id)}`);
    const records = await fetched(id);
    assert.deepEqual(results, [{ index: 0, transcript: await api.transcript(id) }]);
    assert.equal(results?.[0]?.transcript.exit_code, 3);
    assert.deepEqual(
      records.map((record) => at(record, "detail")),
      [{ index: 0, isInline: true }],
    );
    const { results: _, ...entity } = answer.body;
    assert.deepEqual(entity, (await api.action(id)).body, "the rest is the contract's entity");
    const joined = await api.get(joinPath(id.toUpperCase()));
    assert.equal(joined.status, 200);
    assert.deepEqual(joined.body, answer.body);
  });

  test("has the head of its response while the action runs, and the body when another caller cancels it", async () => {
    const { api, target } = here();
    const machineId = await absentMachine(here());
    const response = await fetch(`${target.baseUrl}${startPath(machineId, "?wait=100s")}`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
      body: JSON.stringify(requestOf(getFile("/x"))),
    });
    assert.equal(response.status, 201);
    const id = response.headers.get("location")?.split("/").at(-1) ?? "";
    assert.equal(textAt((await api.action(id)).body, "status"), "Pending");
    const joined = api.get(joinPath(id, "?wait=100000ms"));
    assert.equal((await api.cancel(id)).status, 200);
    assert.equal(textAt(await response.json(), "status"), "Cancelled");
    assert.equal(textAt((await joined).body, "status"), "Cancelled");
  });

  test("returns the present state without results when the wait is over, and without wait at once", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const answer = await api.post(startPath(machineId, "?wait=50ms"), requestOf(getFile("/x")));
    assert.deepEqual([answer.status, textAt(answer.body, "status")], [201, "Pending"]);
    assert.equal(at(answer.body, "results"), undefined);
    for (const wait of ["", "?wait=0s", "?wait=50ms", "?WAIT=50ms"]) {
      const joined = await api.get(joinPath(textAt(answer.body, "id"), wait));
      assert.deepEqual([joined.status, joined.body], [200, answer.body], wait);
    }
    assertError(await api.get(joinPath(UNKNOWN_ACTION, "?wait=30s")), 404, "ResourceNotFound");
  });

  test("is refused, and starts nothing, when its wait is no duration", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    for (const wait of ["30", "1m", "-5s", "30S", "1.5s", "30s%20", "", "30s&wait=30s", "1e3s"]) {
      for (const answer of [
        await api.post(startPath(machineId, `?wait=${wait}`), requestOf(getFile("/x"))),
        await api.get(joinPath(UNKNOWN_ACTION, `?wait=${wait}`)),
      ]) {
        assertError(answer, 400, "InvalidInput");
        assert.match(answer.text, /30s or 500ms|given twice|is empty/, wait);
      }
    }
    assertError(await api.get(joinPath(UNKNOWN_ACTION, "?until=30s")), 400, "InvalidInput");
    assert.deepEqual(await actionsOf(machineId), []);
  });

  test("needs the permission of reading; results need that of their download link, and are recorded", async () => {
    const { api, library, machineId } = here();
    const starter = await applicationWith(here(), "only starts", ["Machine.LiveResponse"]);
    const absent = await absentMachine(here());
    assertError(await starter.post(startPath(absent, "?wait=1ms"), requestOf(getFile("/x"))), 403, "Forbidden");
    assert.deepEqual(await actionsOf(absent), []);
    assert.equal((await starter.post(startPath(absent), requestOf(getFile("/x")))).status, 201);

    const name = await library.script("rights", "echo secret");
    const id = textAt(await api.runToEnd(machineId, [runScript(name)]), "id");
    const token = (...scopes: string[]) => issuer.token(scopes, { groups: ["soc"] });
    const reader = { token: token("Machine.Read") };
    for (const path of [joinPath(id), joinPath(id, "?wait=1s"), `${joinPath(id)}/events?results=inline`]) {
      const { status, text } = await api.get(path, reader);
      assert.equal(status, 200);
      assert.doesNotMatch(text, /secret|"results"/, path);
    }
    assert.deepEqual(await fetched(id), []);
    assertError(await api.get(joinPath(id), { token: token("Machine.LiveResponse") }), 403, "Forbidden");
    const both = { token: token("Machine.Read", "Machine.LiveResponse") };
    assert.match((await api.get(joinPath(id), both)).text, /secret/);
    assert.equal((await fetched(id)).length, 1);
    await api.send("HEAD", joinPath(id));
    assert.equal((await fetched(id)).length, 1, "HEAD has no body, so it fetches nothing");
  });

  test("has small transcripts up to 64 KiB together; a larger one is fetched by its link", async () => {
    const { api, library, machineId } = here();
    const large = await library.script("large", "head -c 40000 /dev/zero | tr '\\0' x");
    const small = await library.script("small", "echo small");
    const nul = await library.script("nul", "printf 'a\\0b'");
    const commands = [runScript(large), runScript(large), runScript(small), runScript(nul), getFile("/etc/hosts")];
    const answer = await api.post(startPath(machineId, "?wait=60s"), requestOf(...commands));
    assert.deepEqual([answer.status, textAt(answer.body, "status")], [201, "Succeeded"], answer.text);
    const indexes = listAt(answer.body, "results").map((result) => at(result, "index"));
    assert.deepEqual(indexes, [0, 2], "the second does not fit, and JSON of a response has no NUL");
    assert.equal((await fetched(textAt(answer.body, "id"))).length, 2);
    assert.equal(textAt(await api.transcript(textAt(answer.body, "id"), 3), "script_output"), "a\0b");
  });

  test("its event stream ends with the entity, and on demand with the small transcripts in it", async () => {
    const { api, library, machineId } = here();
    const name = await library.script("events", "echo hello");
    const answer = await api.post(startPath(machineId), requestOf(runScript(name)));
    const id = textAt(answer.body, "id");
    const { text } = await api.get(`${joinPath(id)}/events?results=inline`);
    const last = eventsOf(text).at(-1);
    const { "@odata.context": _, ...joined } = Object((await api.get(joinPath(id))).body);
    assert.deepEqual([last?.event, JSON.parse(last?.data ?? "")], ["action", joined]);
    assert.equal((await fetched(id)).length, 2);
    assert.doesNotMatch((await api.get(`${joinPath(id)}/events`)).text, /"results"/);
    assert.equal((await fetched(id)).length, 2);
    assertError(await api.get(`${joinPath(id)}/events?results=all`), 400, "InvalidInput");
  });
});

describe("waiting requests", { skip, timeout: 120_000 }, () => {
  const here = setUp({
    agents: 0,
    settings: {
      HALLIGAN_MAX_WAITING_REQUESTS: "2",
      HALLIGAN_MAX_ACTION_WAIT_MS: "110000",
      HALLIGAN_DRAIN_TIMEOUT_MS: "600000",
    },
  });

  /** A request that waits; one that its client leaves counts until the server sees that. */
  const waiting = (id: string, signal?: AbortSignal) => {
    const { api, target } = here();
    const headers = { authorization: `Bearer ${api.token}` };
    return fetch(`${target.baseUrl}${joinPath(id, "?wait=100s")}`, { headers, ...(signal && { signal }) });
  };
  const isFull = async (id: string) => (await here().api.get(joinPath(id, "?wait=1ms"))).status === 429;

  test("are limited: more get 429, a start is accepted and does not wait, and a client that disconnects frees its slot", async () => {
    const { api } = here();
    const [machineId, other] = [await absentMachine(here()), await absentMachine(here())];
    const id = await api.start(machineId, [getFile("/x")]);
    const leaving = new AbortController();
    const [first, second] = [waiting(id, leaving.signal), waiting(id)];
    await until(() => isFull(id), "the refusal of one more request that waits");
    const refused = await api.get(joinPath(id, "?wait=1s"));
    assertError(refused, 429, "TooManyRequests");
    assert.equal(refused.headers.get("retry-after"), "5");
    assert.equal((await api.get(joinPath(id))).status, 200, "without wait none is needed");
    const started = await api.post(startPath(other, "?wait=100s"), requestOf(getFile("/x")));
    assert.deepEqual([started.status, textAt(started.body, "status")], [201, "Pending"]);
    leaving.abort();
    await assert.rejects(first);
    await until(async () => !(await isFull(id)), "the free slot");
    await api.cancel(id);
    assert.equal(textAt(await (await second).json(), "status"), "Cancelled");
  });

  test("get the present state when the server stops, which does not wait for them", async () => {
    const { api, target, world } = here();
    const [machineId, other] = [await absentMachine(here()), await absentMachine(here())];
    const id = await api.start(machineId, [getFile("/x")]);
    const start = await fetch(`${target.baseUrl}${startPath(other, "?wait=100s")}`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
      body: JSON.stringify(requestOf(getFile("/x"))),
    });
    const join = waiting(id);
    await until(() => isFull(id), "the refusal of one more request that waits");
    assert.equal(await world.server.stop(), 0);
    assert.equal(textAt(await start.json(), "status"), "Pending");
    const joined = await join;
    assert.deepEqual([joined.status, textAt(await joined.json(), "status")], [200, "Pending"]);
  });
});
