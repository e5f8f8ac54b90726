import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readEvents, type StreamedEvent } from "../../src/client/transport/event-stream.ts";

async function eventsOf(chunks: readonly Uint8Array[]): Promise<StreamedEvent[]> {
  const source = async function* () {
    yield* chunks;
  };
  const events: StreamedEvent[] = [];
  for await (const event of readEvents(source())) events.push(event);
  return events;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a stream of events", () => {
  it("is read as the standard has it: comments, line ends, several data lines, unknown fields, a last event that was cut", async () => {
    const text = [
      ": comment\n\n",
      "data: plain\n\n",
      "event: named\ndata:no space\nid: 7\nretry: 1\n\n",
      "event: windows\r\ndata: one\r\ndata:  two\r\ndata\r\n\r\n",
      "event: nothing\n\n",
      "data: a: b\n\n",
      "data: cut",
    ];
    assert.deepEqual(await eventsOf([bytes(text.join(""))]), [
      { event: "message", data: "plain" },
      { event: "named", data: "no space", id: "7" },
      { event: "windows", data: "one\n two\n" },
      { event: "message", data: "a: b" },
    ]);
  });

  it("gives the same events however its bytes are cut", async () => {
    const event = fc.record({ event: fc.stringMatching(/^[a-z]{1,8}$/), data: fc.json() }, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 8 }),
        fc.array(fc.nat(40), { minLength: 1 }),
        async (events, cuts) => {
          const all = bytes(events.map((one) => `event: ${one.event}\ndata: ${one.data}\n\n: \n\n`).join(""));
          const chunks: Uint8Array[] = [];
          for (let at = 0, i = 0; at < all.length; i += 1) {
            const size = (cuts[i % cuts.length] ?? 0) + 1;
            chunks.push(all.subarray(at, at + size));
            at += size;
          }
          assert.deepEqual(await eventsOf(chunks), events);
        },
      ),
    );
  });

  it("a long event may come in many pieces; one that never ends is given up", async () => {
    const piece = bytes("x".repeat(64 * 1024));
    const long = [bytes("data: "), ...Array.from({ length: 160 }, () => piece), bytes("\n\n")];
    assert.equal((await eventsOf(long))[0]?.data.length, 160 * piece.length);
    const endless = [bytes("data: "), ...Array.from({ length: 300 }, () => piece)];
    await assert.rejects(eventsOf(endless), { name: "UnexpectedResponseError" });
    const lines = Array.from({ length: 300 }, () => bytes(`data: ${"x".repeat(64 * 1024)}\n`));
    await assert.rejects(eventsOf(lines), { name: "UnexpectedResponseError" });
  });
});
