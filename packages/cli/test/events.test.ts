import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WaitingWire } from "@halligan/protocol/api";
import type { FakeEvents } from "./fake-api.ts";
import { ACTION_ID, MACHINE_ID } from "./fake-entities.ts";
import { makeWorld, type World } from "./halligan.ts";

const EVENTS = `GET /halligan/v1/actions/${ACTION_ID}/events`;
const POLL = `GET /api/machineactions/${ACTION_ID}`;
const count = (world: World, line: string) => world.api.seen.filter((one) => one === line).length;

/** Without signing in: the machine and the script are looked up before the start. */
const LOOKED_UP = ["GET /api/machines", "GET /halligan/v1/library/a.sh"];
const START = `POST /halligan/v1/machines/${MACHINE_ID}/actions`;
const requestsOf = (world: World) =>
  world.api.seen.filter((line) => !/oauth2|\/info$/.test(line) && !LOOKED_UP.includes(line));

async function runWaiting(waits: World["api"]["script"]["waits"], ...args: string[]) {
  const world = await makeWorld();
  world.api.library.set("a.sh", Buffer.from("x"));
  world.api.script.waits = waits;
  world.api.script.events = (stream) => stream.action("Succeeded");
  const ended = await world.run("run", "web-01", "a.sh", ...args);
  return { world, ended, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

describe("waiting with the start", { concurrency: 4 }, () => {
  it("a short script and its output are one request; from a server that does not wait they are four", async () => {
    await using waiting = await runWaiting("toTheEnd");
    assert.deepEqual(waiting.ended, { exitCode: 0, stdout: "out\n", stderr: "" });
    assert.deepEqual(requestsOf(waiting.world), [START]);
    await using before = await runWaiting("no");
    assert.deepEqual(before.ended, waiting.ended);
    const link = `GET /api/machineactions/${ACTION_ID}/GetLiveResponseResultDownloadLink(index=0)`;
    assert.deepEqual(requestsOf(before.world), [START, EVENTS, link, "GET /result/0"]);
  });

  it("--json is the same with and without it", async () => {
    await using waiting = await runWaiting("toTheEnd", "--json");
    await using before = await runWaiting("no", "--json");
    assert.equal(waiting.ended.stdout, before.ended.stdout);
  });

  it("a connection that breaks after the action was accepted does not end the wait, nor start it again", async () => {
    await using run = await runWaiting("cut");
    assert.deepEqual(run.ended, { exitCode: 0, stdout: "out\n", stderr: "" });
    assert.equal(count(run.world, START), 1);
    assert.equal(count(run.world, EVENTS), 1);
  });

  it("--no-wait does not wait", async () => {
    await using run = await runWaiting("toTheEnd", "--no-wait");
    assert.deepEqual(run.ended, { exitCode: 0, stdout: `${ACTION_ID}\n`, stderr: "" });
  });
});

const TIMES = { since: "2026-11-21T12:00:02Z", until: "2026-11-24T12:00:02Z", detail: "server's own words" };
const OFFLINE = { reason: "DeviceOffline", ...TIMES, lastSeen: null } satisfies WaitingWire;
const DISPATCHING = { reason: "Dispatching", ...TIMES } satisfies WaitingWire;
const RUNNING = { reason: "Running", ...TIMES, index: 0 } satisfies WaitingWire;
const waitingEvent = (waiting: object) => `event: waiting\ndata: ${JSON.stringify(waiting)}\n\n`;

describe("what the action waits for", { concurrency: 4 }, () => {
  const offline = "waits for the device: it has not connected yet; the action times out at 2026-11-24 12:00:02Z";
  const sayAll = (stream: FakeEvents) => {
    stream.action("Pending");
    for (const waiting of [OFFLINE, OFFLINE, { reason: "OfALaterServer" }, DISPATCHING, RUNNING]) {
      stream.raw(waitingEvent(waiting));
    }
    stream.action("Succeeded");
    stream.end();
  };

  it("is a line on standard error in a pipe when the reason changes, and none with --json", async () => {
    await using run = await runScript(sayAll);
    assert.deepEqual(run.ended, {
      exitCode: 0,
      stdout: "out\n",
      stderr: [
        `halligan: ${offline}`,
        "halligan: the device is connected, and the order is on its way; the action times out at 2026-11-24 12:00:02Z",
        "halligan: command 0 runs; its time is over at 2026-11-24 12:00:02Z",
        "",
      ].join("\n"),
    });
    assert.equal(count(run.world, EVENTS), 1, "a reason of a later server does not end the stream");
    await using json = await runScript(sayAll, "--json");
    assert.equal(json.ended.stderr, "");
  });

  it("is not written for a script that runs at once", async () => {
    await using run = await runScript((stream) => {
      for (const waiting of [DISPATCHING, RUNNING]) stream.raw(waitingEvent(waiting));
      stream.action("Succeeded");
    });
    assert.deepEqual(run.ended, { exitCode: 0, stdout: "out\n", stderr: "" });
  });

  it("is in the error of a wait that reached its limit", async () => {
    await using run = await runScript((stream) => stream.raw(waitingEvent(OFFLINE)), "--timeout", "1", "--json");
    assert.equal(run.ended.exitCode, 83);
    assert.deepEqual(JSON.parse(run.ended.stdout).waiting, OFFLINE);
  });

  it("is a line of watch, once for each change", async () => {
    let opened = 0;
    await using world = await makeWorld();
    world.api.script.statuses = ["Pending"];
    world.api.script.events = (stream) => {
      opened += 1;
      stream.raw(waitingEvent(OFFLINE));
      if (opened > 1) stream.action("Failed");
      stream.end();
    };
    const { stdout } = await world.run("watch", ACTION_ID);
    assert.equal(stdout.split("\n").filter((line) => line.endsWith(`  ${offline}`)).length, 1, stdout);
    assert.equal(opened, 2);
  });

  it("is shown by halligan action while the action is unfinished, and missing where the server has none", async () => {
    await using world = await makeWorld();
    world.api.script.statuses = ["Pending"];
    const timing = { actionId: ACTION_ID, status: "Pending", steps: [], totalMs: 0, waiting: [OFFLINE] };
    const path = `GET /halligan/v1/actions/${ACTION_ID}/timing`;
    world.api.script.routes.set(path, () => ({ status: 200, json: timing }));
    const { stdout } = await world.run("action", ACTION_ID);
    assert.match(stdout, new RegExp(`^waiting +${offline}$`, "m"));
    assert.deepEqual(JSON.parse((await world.run("action", ACTION_ID, "--json")).stdout).waiting, OFFLINE);
    const notFound = { error: { code: "NotFound", message: "no such route", target: "t" } };
    world.api.script.routes.set(path, () => ({ status: 404, json: notFound }));
    const without = await world.run("action", ACTION_ID);
    assert.equal(without.exitCode, 0, without.stderr);
    assert.doesNotMatch(without.stdout, /^waiting/m);
    world.api.script.statuses = ["Succeeded"];
    world.api.script.routes.set(path, () => ({ status: 200, json: timing }));
    assert.doesNotMatch((await world.run("action", ACTION_ID)).stdout, /^waiting/m, "it has ended since");
  });
});

async function runScript(events: World["api"]["script"]["events"], ...args: string[]) {
  const world = await makeWorld();
  world.api.library.set("a.sh", Buffer.from("x"));
  world.api.script.events = events;
  const ended = await world.run("run", "web-01", "a.sh", ...args);
  return { world, ended, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

describe("waiting by events", { concurrency: 4 }, () => {
  it("a server that tells of the end is not asked again and again", async () => {
    await using run = await runScript((stream) => {
      for (const status of ["Pending", "InProgress", "Succeeded"] as const) stream.action(status);
      stream.end();
    });
    assert.deepEqual(run.ended, { exitCode: 0, stdout: "out\n", stderr: "" });
    assert.equal(count(run.world, EVENTS), 1);
    assert.equal(count(run.world, POLL), 0);
  });

  it("--json is the same by events and without them", async () => {
    await using byEvents = await runScript((stream) => stream.action("Succeeded"), "--json");
    await using byAsking = await runScript(null, "--json");
    assert.equal(count(byEvents.world, POLL), 0);
    assert.ok(count(byAsking.world, POLL) > 0);
    assert.equal(byEvents.ended.stdout, byAsking.ended.stdout);
  });

  it("a server without events is asked for them once, and then for the action", async () => {
    await using run = await runScript(null);
    assert.equal(run.ended.exitCode, 0);
    assert.equal(count(run.world, EVENTS), 1);
    assert.ok(count(run.world, POLL) >= 3);
  });

  it("a stream that is cut is taken up again after the action was asked for", async () => {
    let opened = 0;
    await using run = await runScript((stream) => {
      opened += 1;
      stream.action("InProgress");
      if (opened < 3) stream.cut();
      else stream.action("Failed");
    });
    assert.equal(run.ended.exitCode, 80);
    assert.deepEqual([opened, count(run.world, POLL)], [3, 2]);
  });

  it("what happened while a stream was cut is found by asking", async () => {
    let opened = 0;
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.statuses = ["Succeeded"];
    world.api.script.events = (stream) => {
      opened += 1;
      stream.action("InProgress");
      stream.cut();
    };
    assert.equal((await world.run("run", "web-01", "a.sh")).exitCode, 0);
    assert.equal(opened, 1);
  });

  it("a stream that ends before the action, or talks nonsense, does not end the waiting", async () => {
    for (const speak of [
      (stream) => stream.end(),
      (stream) => stream.raw("event: action\ndata: {}\n\n"),
      (stream) => stream.raw("event: action\ndata: {\n\n"),
      (stream) => stream.raw("event: later\ndata: 1\n\n: comment\r\nevent: transfer\r\ndata: {}\r\n\r\n"),
    ] satisfies NonNullable<World["api"]["script"]["events"]>[]) {
      await using run = await runScript(speak);
      assert.equal(run.ended.exitCode, 0);
      assert.ok(count(run.world, POLL) >= 3);
    }
  });

  it("a proxy that collects the stream does not hold up the waiting", async () => {
    await using run = await runScript(() => undefined);
    assert.equal(run.ended.exitCode, 0);
    assert.equal(count(run.world, EVENTS), 1);
    assert.ok(count(run.world, POLL) >= 3);
  });

  it("--timeout ends the waiting for events too", async () => {
    await using run = await runScript((stream) => stream.action("InProgress"), "--timeout", "1", "--json");
    assert.equal(run.ended.exitCode, 83);
    assert.equal(JSON.parse(run.ended.stdout).action.status, "InProgress");
  });
});
