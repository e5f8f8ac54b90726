import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACTION_OUTPUT_EVENTS } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import { HeldDevice } from "../e2e/held-device.ts";
import { absentMachine } from "./support/absent-machines.ts";
import { getFile, runScript, UNKNOWN_ACTION } from "./support/commands.ts";
import { openDefaultGroup } from "./support/default-group.ts";
import { EventStream } from "./support/event-stream.ts";
import { assertError } from "./support/golden.ts";
import { numberAt, textAt } from "./support/json.ts";
import { OutsideIssuer } from "./support/outside-issuer.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

const skip = onlyHalligan("its own interface for live output");

describe("the output of an action", { skip, timeout: 120_000 }, () => {
  const issuer = new OutsideIssuer();
  const here = setUp({ open: (stack) => stack.use(issuer).open() });

  const watch = (id: string, headers: Record<string, string> = {}, query = "") =>
    EventStream.open(here().api, id, headers, `output${query}`);
  const ids = ({ text }: EventStream) => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);

  test("is its chunks with cursors, and each event as its schema says", async () => {
    const { api, library, machineId } = here();
    const script = await library.script("live", "echo out; echo err >&2; printf '\\377'");
    const id = textAt(await api.runToEnd(machineId, [runScript(script), runScript(script)]), "id");
    using stream = await watch(id);
    assert.equal(stream.status, 200);
    assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
    await stream.over;
    for (const { event, data } of stream.events) {
      const schema = Object.entries(ACTION_OUTPUT_EVENTS).find(([name]) => name === event)?.[1];
      assert.ok(schema, event);
      Value.Assert(schema, JSON.parse(data));
    }
    assert.deepEqual(stream.bodies("chunk").slice(0, 2), [
      { index: 0, stream: "stderr", offset: 0, text: "err\n" },
      { index: 0, stream: "stdout", offset: 0, base64: Buffer.from("out\n\xff", "latin1").toString("base64") },
    ]);
    assert.deepEqual(ids(stream), ["0.0.4", "0.5.4", "1.0.0", "1.0.4", "1.5.4", "2.0.0"]);
    assert.deepEqual(stream.bodies("end"), [{ status: "Succeeded" }]);
    const head = await api.send("HEAD", `/halligan/v1/actions/${id}/output`);
    assert.deepEqual([head.status, head.text], [200, ""]);
  });

  test("goes on at the byte of Last-Event-ID, while the script runs and afterwards", async () => {
    const { api, library, machineId } = here();
    const script = await library.script("resumed", "printf 0123456789; sleep 600");
    const id = await api.start(machineId, [runScript(script)]);
    const texts = (stream: EventStream) => stream.bodies("chunk").map((body) => textAt(body, "text"));
    using first = await watch(id);
    await first.until(() => texts(first).join("") === "0123456789");
    using second = await watch(id, { "last-event-id": "0.4.0" });
    await second.until(() => texts(second).join("") === "456789");
    using end = await watch(id, {}, "?from=end");
    await end.until(() => end.bodies("command").length === 1);
    assert.equal((await api.cancel(id)).status, 200);
    await Promise.all([first.over, second.over, end.over]);
    assert.deepEqual(texts(end), []);
    using after = await watch(id, { "last-event-id": "0.9.0" });
    await after.over;
    assert.equal(texts(after).join("").slice(0, 1), "9");
    for (const wrong of ["7", "0.1", "a.b.c", "0.-1.0", "0.1.2.3"]) {
      const headers = { "last-event-id": wrong };
      assertError(await api.get(`/halligan/v1/actions/${id}/output`, { headers }), 400, "InvalidInput");
    }
    assertError(await api.get(`/halligan/v1/actions/${id}/output?from=middle`), 400, "InvalidInput");
  });

  test("is not lost without a word for a cursor beyond it", async () => {
    const { api, library, machineId } = here();
    const script = await library.script("beyond", "printf 0123456789; sleep 600");
    const id = await api.start(machineId, [runScript(script), getFile("/etc/hostname")]);
    const gap = { index: 0, reason: "beyondOutput" };
    const texts = (stream: EventStream) => stream.bodies("chunk").map((body) => textAt(body, "text"));
    using first = await watch(id);
    await first.until(() => texts(first).join("") === "0123456789");
    using beyond = await watch(id, { "last-event-id": "0.11.0" });
    await beyond.until(() => beyond.bodies("gap").length === 1);
    for (const wrong of ["1.1.0", "2.0.1", "3.0.0"]) {
      const headers = { "last-event-id": wrong };
      assertError(await api.get(`/halligan/v1/actions/${id}/output`, { headers }), 400, "CursorBeyondOutput");
    }
    assert.equal((await api.cancel(id)).status, 200);
    await Promise.all([first.over, beyond.over]);
    assert.deepEqual(beyond.bodies("gap"), [gap]);
    assert.ok(!texts(beyond).join("").includes("0"), "what was written before is not sent as if it were new");
    for (const cursor of ["0.999.0", "0.0.999"]) {
      using after = await watch(id, { "last-event-id": cursor });
      await after.over;
      assert.deepEqual(after.bodies("gap"), [gap], cursor);
      assert.equal(after.bodies("end").length, 1);
    }
  });

  test("is only for callers that may fetch results of the machine, and each watch is recorded", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const group = { name: `Output ${machineId}`, remediationLevel: "full", users: [], userGroups: ["soc"] };
    const made = await api.post("/halligan/v1/device-groups", group);
    const groupId = numberAt(made.body, "id");
    await api.send("PUT", `/halligan/v1/machines/${machineId}/device-group`, { json: { groupId } });
    const id = await api.start(machineId, [runScript("any.sh")]);
    const path = `/halligan/v1/actions/${id}/output`;
    const token = (scopes: readonly string[], groups: readonly string[]) => issuer.token(scopes, { groups });
    assertError(await api.get(path, { token: token(["Machine.LiveResponse"], ["sales"]) }), 404, "ResourceNotFound");
    assertError(await api.get(path, { token: token(["Machine.Read"], ["soc"]) }), 403, "Forbidden");
    assertError(await api.get(path, { token: null }), 401, "Unauthorized");
    assertError(await api.get(`/halligan/v1/actions/${UNKNOWN_ACTION}/output`), 404, "ResourceNotFound");

    const { library, machineId: present } = here();
    const ended = await api.runToEnd(present, [runScript(await library.script("seen", "echo seen"))]);
    const seen = textAt(ended, "id");
    using stream = await watch(seen);
    await stream.over;
    const audit = await api.get(`/halligan/v1/audit?operation=WatchMachineActionOutput&actionId=${seen}`);
    assert.match(audit.text, new RegExp(`"actionId":"${seen}"`));
    assert.match(audit.text, /"detail":\{"index":0\}/);
  });

  test("of an agent without live output comes at the end, and a notice says so", async () => {
    const { api, library, target } = here();
    await openDefaultGroup(api);
    const made = await api.post("/halligan/v1/enrollment-tokens", { uses: 1, expiresInSeconds: 600 });
    await using held = await HeldDevice.start(target.baseUrl, "older-agent", textAt(made.body, "token"));
    const id = await api.start(held.machineId, [runScript(await library.script("older", "echo never"))]);
    using stream = await watch(id);
    await stream.until(() => stream.bodies("notice").length > 0);
    assert.equal(textAt(stream.bodies("notice")[0], "code"), "AgentWithoutLiveOutput");
    held.letGo();
    await stream.over;
    assert.deepEqual(stream.bodies("end"), [{ status: "Succeeded" }]);
    assert.ok(stream.bodies("chunk").length > 0, stream.text);
    assert.equal(stream.bodies("notice").length, 1);
  });
});
