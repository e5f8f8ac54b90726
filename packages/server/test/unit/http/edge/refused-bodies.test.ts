import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { errorOf, readAll, startApp } from "../fixture.ts";

const HEAD = (path: string, length: number) =>
  `PUT ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket v1\r\nContent-Length: ${length}\r\n\r\n`;

test("a machine's refused bodies are received up to a budget; then the answer comes before the body and ends the connection", async (t) => {
  const { open } = await startApp(t, { limits: { ticketDrainBytes: 150_000, lingerMs: 50 } });
  const first = await open();
  first.write(HEAD("/refused", 100_000));
  first.write(Buffer.alloc(100_000));
  const [answer] = await once(first, "data");
  assert.match(String(answer), /^HTTP\/1.1 507 /);
  assert.doesNotMatch(String(answer), /connection: close/i);

  const second = await open();
  second.write(HEAD("/refused", 100_000_000));
  second.write(Buffer.alloc(60_000));
  const text = await readAll(second);
  assert.match(text, /^HTTP\/1.1 507 /);
  assert.match(text, /connection: close/i);
  assert.equal(errorOf(text).code, "InsufficientStorage");
});

test("a sender that writes much while it is refused reads its answer before the connection ends", async (t) => {
  const { open } = await startApp(t, { limits: { ticketDrainBytes: 0, lingerMs: 5_000 } });
  const socket = await open();
  socket.write(HEAD("/refused", 8_388_608));
  socket.write(Buffer.alloc(8_388_608));
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1.1 507 /);
  assert.equal(errorOf(String(answer)).code, "InsufficientStorage");
});

test("the budget of one machine is not that of another sender", async (t) => {
  const { open } = await startApp(t, { limits: { ticketDrainBytes: 0, lingerMs: 50 } });
  const socket = await open();
  socket.write("PUT /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  socket.write(Buffer.alloc(100_000));
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /^HTTP\/1.1 401 /);
  assert.doesNotMatch(String(answer), /connection: close/i);
});
