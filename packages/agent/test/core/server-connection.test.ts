import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { ServerConnection } from "../../src/core/server-connection.ts";

const never = new AbortController().signal;
const live = (ticket: string) => ({ ticket, send: () => undefined });

test("a refused ticket is not handed out again on its own link, and that of a newer one is, though its text is the same", async () => {
  const connection = new ServerConnection(systemClock);
  connection.up(live("v1.m.2.s"));
  assert.equal(await connection.ticket(null, never), "v1.m.2.s");
  let next: string | null = null;
  const waiting = connection.ticket("v1.m.2.s", never).then((ticket) => {
    next = ticket;
  });
  connection.wake();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(next, null);
  connection.down();
  connection.up(live("v1.m.2.s"));
  await waiting;
  assert.equal(next, "v1.m.2.s");
});
