import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { MachineActionWire } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import { until } from "../../../protocol/test/support/until.ts";
import { absentMachine } from "./support/absent-machines.ts";
import { parsed } from "./support/api.ts";
import { applicationWith } from "./support/applications.ts";
import { getFile, runScript, UNKNOWN_ACTION } from "./support/commands.ts";
import { openDefaultGroup } from "./support/default-group.ts";
import { EventStream } from "./support/event-stream.ts";
import { assertError } from "./support/golden.ts";
import { at, numberAt, textAt } from "./support/json.ts";
import { OutsideIssuer } from "./support/outside-issuer.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

const skip = onlyHalligan("its own interface for live events");
const NEVER_MS = "3600000";
const statusesOf = (stream: EventStream) => stream.bodies("action").map((body) => textAt(body, "status"));

describe("the events of an action", { skip, timeout: 120_000 }, () => {
  const issuer = new OutsideIssuer();
  let quiet: EventStream | undefined;
  const here = setUp(
    {
      // The server does not poll the store in this test, so every event comes from a notification.
      settings: { HALLIGAN_REREAD_INTERVAL_MS: NEVER_MS },
      open: (stack) => stack.use(issuer).open(),
    },
    async (opened) => {
      const id = await opened.api.start(await absentMachine(opened), [getFile("/etc/hosts")]);
      quiet = await EventStream.open(opened.api, id);
    },
  );

  test("are its state at once, then each change, the final one as GET has it, and then the end", async () => {
    const { api, library, machineId } = here();
    const script = await library.script("events", "echo hello");
    const id = await api.start(machineId, [runScript(script), runScript(script)]);
    using stream = await EventStream.open(api, id);
    assert.equal(stream.status, 200);
    assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
    assert.equal(stream.headers.get("x-accel-buffering"), "no");
    await stream.over;
    const bodies = stream.bodies("action");
    for (const body of bodies) Value.Assert(MachineActionWire, body);
    const statuses = statusesOf(stream);
    const order = ["Pending", "InProgress", "Succeeded"];
    assert.deepEqual(
      statuses,
      statuses.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)),
    );
    assert.equal(statuses.at(-1), "Succeeded");
    assert.equal(new Set(stream.events.map(({ data }) => data)).size, stream.events.length, "nothing is said twice");
    const { "@odata.context": _, ...got } = Object((await api.action(id)).body);
    assert.deepEqual(bodies.at(-1), got);
  });

  test("show each command's end while the next one runs, and a cancel", async () => {
    const { api, library, machineId } = here();
    const [quick, slow] = [await library.script("quick", "echo"), await library.script("slow", "sleep 600")];
    const id = await api.start(machineId, [runScript(quick), runScript(slow)]);
    using stream = await EventStream.open(api, id);
    await stream.until(() => {
      const body = stream.bodies("action").at(-1);
      const [first, second] = [at(body, "commands", 0), at(body, "commands", 1)];
      return at(first, "commandStatus") === "Completed" && typeof at(second, "startTime") === "string";
    });
    assert.equal(statusesOf(stream).at(-1), "InProgress");
    assert.equal((await api.cancel(id)).status, 200);
    await stream.over;
    assert.equal(statusesOf(stream).at(-1), "Cancelled");
  });

  test("of a final action are that state and the end, whatever Last-Event-ID says", async () => {
    const { api, machineId } = here();
    const id = textAt(await api.runToEnd(machineId, [getFile("/etc/hosts")]), "id");
    for (const headers of [{}, { "last-event-id": "7" }, { "last-event-id": "\t, x" }]) {
      using stream = await EventStream.open(api, id.toUpperCase(), headers);
      await stream.over;
      assert.deepEqual(statusesOf(stream), ["Succeeded"]);
    }
    const head = await api.send("HEAD", `/halligan/v1/actions/${id}/events`);
    assert.deepEqual([head.status, head.text], [200, ""]);
  });

  test("tell how far a file is on its way, a few times a second", async () => {
    const { api, machineId, world } = here();
    const file = join(world.folder, "large.bin");
    await writeFile(file, randomBytes(150 * 1024 * 1024));
    const id = await api.start(machineId, [getFile(file)]);
    using stream = await EventStream.open(api, id);
    await stream.over;
    assert.equal(statusesOf(stream).at(-1), "Succeeded");
    const transferred = stream.bodies("transfer").map((body) => numberAt(body, "transferredBytes"));
    assert.ok(transferred.length > 0, stream.text);
    assert.deepEqual(
      transferred,
      transferred.toSorted((a, b) => a - b),
    );
    assert.ok(stream.bodies("transfer").every((body) => at(body, "index") === 0));
  });

  test("are only for callers that may read the action: a user outside its device group finds none", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const group = { name: `Vault ${machineId}`, remediationLevel: "full", users: [], userGroups: ["soc"] };
    const made = await api.post("/halligan/v1/device-groups", group);
    const groupId = numberAt(made.body, "id");
    await api.send("PUT", `/halligan/v1/machines/${machineId}/device-group`, { json: { groupId } });
    const id = await api.start(machineId, [getFile("/x")]);
    const path = `/halligan/v1/actions/${id}/events`;
    const token = (scopes: readonly string[], groups: readonly string[]) => issuer.token(scopes, { groups });
    assertError(await api.get(path, { token: token(["Machine.Read"], ["sales"]) }), 404, "ResourceNotFound");
    assertError(await api.get(path, { token: token(["Machine.LiveResponse"], ["soc"]) }), 403, "Forbidden");
    assertError(await api.get(path, { token: null }), 401, "Unauthorized");
    assertError(await api.get(`/halligan/v1/actions/${UNKNOWN_ACTION}/events`), 404, "ResourceNotFound");
    using stream = await EventStream.open({ target: api.target, token: token(["Machine.Read"], ["soc"]) }, id);
    await stream.until(() => statusesOf(stream).includes("Pending"));
  });

  test("come with a comment every 15 seconds while nothing happens", async () => {
    assert.ok(quiet);
    using stream = quiet;
    await stream.until(() => stream.text.includes("\n\n: \n\n"));
    assert.deepEqual(
      stream.events.map(({ event }) => event),
      ["action", "waiting"],
    );
  });
});

describe("streams of events", { skip, timeout: 120_000 }, () => {
  const issuer = new OutsideIssuer();
  const here = setUp(
    {
      agents: 0,
      settings: {
        HALLIGAN_MAX_EVENT_STREAMS: "2",
        HALLIGAN_REREAD_INTERVAL_MS: "100",
        HALLIGAN_DRAIN_TIMEOUT_MS: "600000",
      },
      open: (stack) => stack.use(issuer).open(),
    },
    ({ api }) => openDefaultGroup(api),
  );
  const pending = async () => here().api.start(await absentMachine(here()), [getFile("/x")]);

  test("are limited: more get 429 with Retry-After, and a freed slot is used again", async () => {
    const { api } = here();
    const id = await pending();
    using first = await EventStream.open(api, id);
    using second = await EventStream.open(api, id);
    assert.deepEqual([first.status, second.status], [200, 200]);
    using third = await EventStream.open(api, id);
    await third.over;
    assert.equal(third.status, 429);
    assert.equal(third.headers.get("retry-after"), "30");
    assert.equal(at(parsed(third.text), "error", "code"), "TooManyRequests");
    first[Symbol.dispose]();
    await until(async () => {
      using next = await EventStream.open(api, id);
      return next.status === 200;
    }, "the free place of a stream");
  });

  test("are open no longer than the token of their caller counts", async () => {
    const { api } = here();
    const id = await pending();
    // A minute is allowed for clocks that differ: this one counts for some six seconds more.
    const exp = Math.floor(Date.now() / 1_000) - 53;
    const token = issuer.token(["Machine.Read"], { iat: exp - 600, nbf: exp - 600, exp });
    using expiring = await openFreely(() => EventStream.open({ target: api.target, token }, id));
    await expiring.over;
    assert.deepEqual(statusesOf(expiring), ["Pending"]);

    for (const [method, end] of [
      ["POST", "/revoke-tokens"],
      ["DELETE", ""],
    ] as const) {
      const application = await applicationWith(here(), "short life", ["Machine.Read.All"]);
      using revoked = await openFreely(() => EventStream.open(application, id));
      await revoked.until(() => statusesOf(revoked).length > 0);
      const answer = await api.send(method, `/halligan/v1/applications/${application.target.clientId}${end}`);
      assert.equal(answer.status, 204, answer.text);
      await revoked.over;
    }
    assert.equal(textAt((await api.action(id)).body, "status"), "Pending");
  });

  test("end in order when the server stops, which does not wait for them", async () => {
    const { api, world } = here();
    const id = await pending();
    using stream = await openFreely(() => EventStream.open(api, id));
    await stream.until(() => statusesOf(stream).length > 0);
    assert.equal(await world.server.stop(), 0);
    await stream.over;
    assert.equal(stream.isOver, true);
  });

  /**
   * Places of streams before it are given back when the server sees that their clients have gone.
   */
  async function openFreely(open: () => Promise<EventStream>): Promise<EventStream> {
    return until(async () => {
      const stream = await open();
      return stream.status !== 429 && stream;
    }, "a free place of a stream");
  }
});
