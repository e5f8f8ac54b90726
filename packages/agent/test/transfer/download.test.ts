import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { putFile } from "../../src/commands/files/put-file.ts";
import { ServerConnection } from "../../src/core/server-connection.ts";
import { commandWorld } from "../support/command-world.ts";
import { fastClock } from "../support/fast-clock.ts";

const options = { timeout: 30_000 };
const MIB = 1024 * 1024;
const never = new AbortController().signal;
type Answer = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

/** Puts a file of 3 MiB from a server whose answers, in turn, are these and then right ones. */
async function putThrough(
  answers: Answer[],
  more: { signal?: AbortSignal; times?: number; stallTimeoutMs?: number } = {},
) {
  await using world = await commandWorld({ clock: fastClock(more.times ?? 50) });
  const bytes = randomBytes(3 * MIB);
  const file = world.server.addFile(bytes);
  const ranges: (string | undefined)[] = [];
  world.server.intercept = (request, response) => {
    const answer = answers[ranges.length];
    ranges.push(request.headers.range);
    answer?.(request, response, bytes);
    return answer !== undefined;
  };
  const limits = more.stallTimeoutMs === undefined ? {} : { stallTimeoutMs: more.stallTimeoutMs };
  const job = world.job({ index: 0, type: "PutFile", fileName: "tool", file } as const, limits);
  const end = await putFile(world.deps, job, more.signal ?? never).catch((error: unknown) => String(error));
  const names = await readdir(world.folder.work);
  const isWhole = names.includes("tool") && (await readFile(path.join(world.folder.work, "tool"))).equals(bytes);
  return { end, errors: typeof end === "string" ? [end] : end.errors, names, isWhole, ranges };
}

const cut =
  (atBytes: number): Answer =>
  (request, response, bytes) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = from > 0 ? { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { ...headers, "content-length": bytes.length - from });
    // Destroyed only when the agent has had time to keep what was sent.
    response.write(bytes.subarray(from, from + atBytes), () => setTimeout(() => response.destroy(), 50));
  };

test("a download that is cut again and again goes on each time where it was, and is whole", options, async () => {
  const { isWhole, ranges, names } = await putThrough([cut(MIB / 2), cut(100_000), cut(MIB), cut(1)]);
  assert.ok(isWhole);
  assert.equal(ranges.length, 5);
  const offsets = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1]));
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
  assert.ok((offsets[3] ?? 0) > 1.5 * MIB);
  assert.deepEqual(names, ["tool"]);
});

const status =
  (code: number): Answer =>
  (_request, response) =>
    void response.writeHead(code).end();

test("a server that is busy, broken, full or slow for a while is asked again", options, async () => {
  const { isWhole, ranges } = await putThrough([500, 503, 507, 408, 429].map(status));
  assert.ok(isWhole);
  assert.equal(ranges.length, 6);
});

test("a ticket that the server does not know any more is exchanged for the next link's", options, async () => {
  await using world = await commandWorld();
  const serverConnection = new ServerConnection(world.deps.clock);
  serverConnection.up({ ticket: "old", send: () => undefined });
  const tickets: (string | undefined)[] = [];
  world.server.intercept = (request) => {
    tickets.push(request.headers.authorization);
    // The agent reconnects only after the refusal.
    if (tickets.length === 1) setTimeout(() => serverConnection.up({ ticket: "ticket-0", send: () => undefined }), 100);
    return false;
  };
  const job = world.job({ index: 0, type: "PutFile", fileName: "x", file: world.server.addFile("x") } as const);
  const end = await putFile({ ...world.deps, serverConnection }, job, never);
  assert.deepEqual(end.errors, []);
  assert.deepEqual(tickets, ["Ticket old", "Ticket ticket-0"]);
});

test("wrong bytes are fetched again a bounded number of times, then the transfer fails", options, async () => {
  const wrong: Answer = (_request, response, bytes) => void response.end(Buffer.alloc(bytes.length, "x"));
  const { errors, names, ranges } = await putThrough([wrong, wrong, wrong, wrong, wrong]);
  assert.deepEqual(errors, ["The received library file is not the ordered one: its SHA-256 differs."]);
  assert.equal(ranges.length, 3);
  assert.deepEqual(names, []);
  assert.ok((await putThrough([wrong, wrong])).isWhole);
});

test(
  "more bytes than were promised, and fewer, are not waited for: it is asked again, and then said",
  options,
  async () => {
    const longer: Answer = (_request, response, bytes) =>
      void response.end(Buffer.concat([bytes, Buffer.from("more")]));
    const shorter: Answer = (_request, response, bytes) => void response.end(bytes.subarray(1));
    const more = await putThrough([longer, longer, longer, longer]);
    assert.match(more.errors[0] ?? "", /the server sent more than it has/);
    const fewer = await putThrough([shorter, shorter, shorter, shorter]);
    assert.match(fewer.errors[0] ?? "", /the server sent less than it has/);
    for (const { names, ranges } of [more, fewer]) assert.deepEqual([names, ranges.length], [[], 3]);
    assert.ok((await putThrough([longer, shorter])).isWhole);
  },
);

const partial =
  (contentRange: string | undefined, from: number): Answer =>
  (_request, response, bytes) =>
    void response
      .writeHead(206, contentRange === undefined ? {} : { "content-range": contentRange })
      .end(bytes.subarray(from));

test(
  "an answer to a range that is another range is not believed; the whole is asked for from then on",
  options,
  async () => {
    const size = 3 * MIB;
    const wrong = [
      `bytes 5-${size - 1}/${size}`,
      `bytes 0-${size - 1}/${size}`,
      undefined,
      "bytes */9",
      `bytes 500000-${size - 1}/7`,
    ];
    for (const contentRange of wrong) {
      const { isWhole, ranges } = await putThrough([cut(500_000), partial(contentRange, 5)]);
      assert.ok(isWhole, contentRange);
      assert.deepEqual([ranges.length, ranges[2]], [3, undefined]);
    }
    // Without having been asked for a range at all.
    assert.ok((await putThrough([partial(`bytes 5-${size - 1}/${size}`, 5)])).isWhole);
    assert.ok((await putThrough([cut(500_000), status(416)])).isWhole);
  },
);

test("a server that ignores the range and sends the whole is taken at its word", options, async () => {
  const whole: Answer = (_request, response, bytes) => void response.end(bytes);
  const { isWhole, ranges } = await putThrough([cut(500_000), whole]);
  assert.deepEqual([isWhole, ranges.length], [true, 2]);
});

const silent: Answer = (_request, response, bytes) => {
  response.writeHead(200, { "content-length": bytes.length });
  response.write(bytes.subarray(0, 1000));
};

test(
  "a connection that goes silent is left for another one before the stall limit ends the transfer",
  options,
  async () => {
    const { isWhole, ranges } = await putThrough([silent], { times: 100 });
    assert.ok(isWhole);
    assert.equal(ranges[1], "bytes=1000-");
  },
);

test("a server that stays silent is given up at the stall limit, and nothing is left of it", options, async () => {
  const { errors, names } = await putThrough(Array(20).fill(silent), { times: 1, stallTimeoutMs: 200 });
  assert.deepEqual(errors, ["The transfer made no progress for 200 milliseconds."]);
  assert.deepEqual(names, []);
});

test("cancelled in the middle, nothing is left of it", options, async () => {
  const cancel = new AbortController();
  const andCancel: Answer = (request, response, bytes) => {
    silent(request, response, bytes);
    setTimeout(() => cancel.abort("cancelled"), 50);
  };
  const { end, names } = await putThrough([andCancel], { signal: cancel.signal });
  assert.deepEqual([end, names], ["cancelled", []]);
});
