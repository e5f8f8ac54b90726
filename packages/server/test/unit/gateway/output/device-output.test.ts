import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_OUTPUT_WATCHES, type ServerFrame } from "@halligan/protocol/link";
import { DeviceOutput } from "../../../../src/gateway/output/device-output.ts";
import type { OutputRequest } from "../../../../src/service/output/output-source.ts";

const REQUEST: OutputRequest = {
  machineId: "m",
  actionId: "a",
  orderSeq: 1,
  index: 0,
  from: { stdout: 5, stderr: 0 },
  creditBytes: 10,
};

function world() {
  const sent: ServerFrame[] = [];
  const got: string[] = [];
  const output = new DeviceOutput({ send: (frame) => sent.push(frame) });
  const sink = {
    began: ({ stdout, stderr }: { stdout: number; stderr: number }) => got.push(`begins ${stdout} ${stderr}`),
    chunk: (stream: string, bytes: Buffer) => got.push(`${stream} ${bytes}`),
    ended: (reason: string) => got.push(reason),
  };
  const begin = (stdout = 5) => output.received({ type: "outputBegin", watchId: 1, at: { stdout, stderr: 0 } });
  const chunk = (offset: number, text: string, watchId = 1) =>
    output.received({
      type: "output",
      watchId,
      stream: "stdout",
      offset,
      base64: Buffer.from(text).toString("base64"),
    });
  return { sent, got, output, sink, begin, chunk };
}

describe("live output of one connection", () => {
  test("passes on what was asked for, in order", () => {
    const { sent, got, output, sink, begin, chunk } = world();
    const read = output.read(REQUEST, sink);
    assert.ok(begin() && chunk(5, "abc") && chunk(8, "defghij"));
    read?.grant(3);
    assert.ok(chunk(15, "klm"));
    assert.ok(output.received({ type: "outputEnd", watchId: 1, reason: "complete" }));
    assert.deepEqual(got, ["begins 5 0", "stdout abc", "stdout defghij", "stdout klm", "complete"]);
    assert.deepEqual(
      sent.map(({ type }) => type),
      ["watchOutput", "outputCredit"],
    );
  });

  test("refuses a chunk that leaves bytes out, repeats them, exceeds its credit or was not asked for", () => {
    for (const hostile of [
      ({ chunk }: ReturnType<typeof world>) => chunk(6, "x"),
      ({ chunk }: ReturnType<typeof world>) => chunk(4, "x"),
      ({ chunk }: ReturnType<typeof world>) => chunk(5, "more than ten"),
      ({ chunk }: ReturnType<typeof world>) => chunk(5, "x", 2),
      ({ begin }: ReturnType<typeof world>) => begin(),
    ]) {
      const here = world();
      here.output.read(REQUEST, here.sink);
      assert.ok(here.begin());
      assert.equal(hostile(here), false);
    }
    const early = world();
    early.output.read(REQUEST, early.sink);
    assert.equal(early.chunk(5, "x"), false, "before its begin");
    assert.equal(early.begin(4), false, "from another place");
  });

  test("drops what was on its way when the server wants no more, within its credit", () => {
    const { got, output, sink, begin, chunk } = world();
    const read = output.read(REQUEST, sink);
    begin();
    read?.close();
    assert.ok(chunk(5, "late"));
    assert.equal(chunk(9, "more than the rest"), false);
    assert.ok(output.received({ type: "outputEnd", watchId: 1, reason: "unwatched" }));
    assert.deepEqual(got, ["begins 5 0"]);
    assert.equal(chunk(9, "x"), false, "after the end");
  });

  test("has a bounded number of reads, also of those that the device has not ended", () => {
    const { output, sink } = world();
    const reads = Array.from({ length: MAX_OUTPUT_WATCHES }, () => output.read(REQUEST, sink));
    for (const read of reads) read?.close();
    assert.equal(output.read(REQUEST, sink), null);
    output.received({ type: "outputEnd", watchId: 3, reason: "unwatched" });
    assert.ok(output.read(REQUEST, sink));
  });

  test("ends with its connection", () => {
    const { got, output, sink } = world();
    output.read(REQUEST, sink);
    output.read(REQUEST, sink)?.close();
    output.end("disconnected");
    assert.deepEqual(got, ["disconnected"]);
  });
});
