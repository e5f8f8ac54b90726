import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import { anonymous } from "../../../../src/http/edge/access.ts";
import { noBody } from "../../../../src/http/edge/body/body-kinds.ts";
import { events } from "../../../../src/http/edge/declared-responses.ts";
import { operationsOf } from "../../../../src/http/edge/operation.ts";
import { LongResponseLimit } from "../../../../src/http/edge/response/long-response-limit.ts";
import { PLAIN, startApp, type World } from "../fixture.ts";

/** An operation that sends `tick` without end, as fast as the reader takes it. */
function endless() {
  const streams = new LongResponseLimit(2);
  const state = { produced: 0, disposed: 0 };
  const operation = operationsOf<World>()({
    name: "Events",
    method: "GET",
    path: "/events",
    access: anonymous,
    ...PLAIN,
    responses: { 200: events("Ticks.", {}) },
    body: noBody,
    handler({ signal }) {
      const slot = streams.enter("c1", signal);
      if (slot === null) throw new Error("no place");
      const ticks = async function* () {
        while (!slot.signal.aborted) {
          state.produced += 1;
          yield `data: ${"x".repeat(1_000)}\n\n`;
          // As one that waits for changes.
          if (state.produced > 100_000) await once(slot.signal, "abort");
        }
      };
      const held = new DisposableStack();
      held.use(slot);
      held.defer(() => {
        state.disposed += 1;
      });
      return { kind: "events", status: 200, events: ticks(), held };
    },
  });
  return { streams, state, operation };
}

test("a client that does not read is not written for, and when it goes what it held is given back", async (t) => {
  const { streams, state, operation } = endless();
  const { open } = await startApp(t, { operations: [operation] });
  const socket = await open();
  socket.pause();
  socket.write("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  let before = -1;
  while (before !== state.produced) {
    before = state.produced;
    await new Promise((done) => setTimeout(done, 200));
  }
  assert.ok(state.produced > 0 && state.produced < 20_000, `${state.produced} KB were produced without a reader`);
  assert.equal(streams.openCount, 1);
  socket.destroy();
  await until(() => state.disposed === 1, "the disposed stream");
  assert.equal(streams.openCount, 0);
});

test("HEAD has the headers of the stream and begins none", async (t) => {
  const { state, operation } = endless();
  const { base } = await startApp(t, { operations: [operation] });
  const answer = await fetch(`${base}/events`, { method: "HEAD" });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.equal(answer.headers.get("x-accel-buffering"), "no");
  assert.deepEqual(state, { produced: 0, disposed: 1 });
});

test("closing ends the streams that are open, in order, and lets no new one begin", async (t) => {
  const { streams, state, operation } = endless();
  const { base, app } = await startApp(t, { operations: [operation], limits: { closeGraceMs: 60_000 } });
  const answer = await fetch(`${base}/events`);
  const reader = answer.body?.getReader();
  assert.ok(reader);
  await reader.read();
  streams.close();
  let isDone = false;
  while (!isDone) isDone = (await reader.read()).done;
  await until(() => state.disposed === 1, "the disposed stream");
  assert.equal(streams.enter("c1", new AbortController().signal), null);
  await app.close();
});

test("there are as many places as the limit says, and a client that has gone already has none for long", () => {
  const streams = new LongResponseLimit(2);
  const here = new AbortController().signal;
  const first = streams.enter("c1", here);
  const gone = streams.enter("c1", AbortSignal.abort());
  assert.equal(gone?.signal.aborted, true);
  assert.equal(streams.enter("c1", here), null);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  assert.ok(streams.enter("c1", here));
  assert.equal(streams.enter("c1", here), null);
});

test("one caller has a bounded share of the places", () => {
  const streams = new LongResponseLimit(4, 2);
  const here = new AbortController().signal;
  const first = streams.enter("c1", here);
  assert.ok(first && streams.enter("c1", here));
  assert.equal(streams.enter("c1", here), null);
  assert.ok(streams.enter("c2", here));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.ok(streams.enter("c1", here));
  assert.equal(streams.enter("c1", here), null);
});
