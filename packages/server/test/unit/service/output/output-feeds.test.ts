import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FeedWatcher, OutputFeeds } from "../../../../src/service/output/output-feeds.ts";
import type {
  OutputPosition,
  OutputRequest,
  OutputSink,
  OutputStream,
} from "../../../../src/service/output/output-source.ts";
import { SLOW_MEMBER_MS } from "../../../../src/service/output/shared-read.ts";
import { HandClock } from "../service-fixture.ts";

const COMMAND = { machineId: "m", actionId: "a", orderSeq: 1, index: 0 };
const START = { stdout: 0, stderr: 0 };

/** A device whose bytes are numbers, by their place, and which keeps to its credit. */
class Device {
  readonly reads: DeviceRead[] = [];
  readonly sent = { stdout: 0, stderr: 0 };
  sizes: OutputPosition = { ...START };

  read(request: OutputRequest, sink: OutputSink) {
    const read = new DeviceRead(this, request, sink);
    this.reads.push(read);
    return read;
  }

  get open(): DeviceRead[] {
    return this.reads.filter(({ isOpen }) => isOpen);
  }

  /** Sends what credit allows, in chunks. */
  send(chunkBytes = 1_000): void {
    for (const read of this.open) read.send(chunkBytes);
  }
}

class DeviceRead {
  isOpen = true;
  creditBytes: number;
  readonly sink: OutputSink;
  readonly #device: Device;
  readonly #at: OutputPosition;

  constructor(device: Device, { from, creditBytes }: OutputRequest, sink: OutputSink) {
    this.#device = device;
    this.#at = from === "end" ? { ...device.sizes } : { ...from };
    this.creditBytes = creditBytes;
    this.sink = sink;
    queueMicrotask(() => sink.began({ ...this.#at }));
  }

  grant(bytes: number): void {
    this.creditBytes += bytes;
  }

  close(): void {
    this.isOpen = false;
  }

  send(chunkBytes: number): void {
    for (const stream of ["stdout", "stderr"] as const) {
      for (;;) {
        const size = Math.min(this.#device.sizes[stream] - this.#at[stream], this.creditBytes, chunkBytes);
        if (size <= 0 || !this.isOpen) break;
        this.creditBytes -= size;
        const from = this.#at[stream];
        const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (from + index) % 251));
        this.#at[stream] += size;
        this.#device.sent[stream] += size;
        this.sink.chunk(stream, bytes);
      }
    }
  }
}

/** Takes everything there is; fails for a byte that is missing, comes twice or is another one. */
class Reader {
  readonly watcher: FeedWatcher;
  readonly at: OutputPosition;
  last = "";

  constructor(feeds: OutputFeeds, from: OutputPosition) {
    this.at = { ...from };
    this.watcher = feeds.watch(COMMAND, from, () => undefined);
  }

  take(limit = Number.POSITIVE_INFINITY): void {
    for (let taken = 0; taken < limit; taken++) {
      const step = this.watcher.next();
      this.last = step.kind === "ended" ? step.reason : step.kind;
      if (step.kind !== "chunk") return;
      const { stream, offset, bytes } = step.chunk;
      this.#add(stream, offset, bytes);
    }
  }

  #add(stream: OutputStream, offset: number, bytes: Buffer): void {
    assert.equal(offset, this.at[stream]);
    assert.ok(bytes.length > 0);
    assert.equal(bytes[0], offset % 251);
    assert.equal(bytes.at(-1), (offset + bytes.length - 1) % 251);
    this.at[stream] += bytes.length;
  }
}

function world() {
  const clock = new HandClock();
  const device = new Device();
  const feeds = new OutputFeeds(clock, () => device);
  return { clock, device, feeds };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("reads of live output", () => {
  test("watchers at the same place share one, and each gets every byte once", async () => {
    const { device, feeds } = world();
    device.sizes = { stdout: 300_000, stderr: 20_000 };
    const readers = [new Reader(feeds, START), new Reader(feeds, START), new Reader(feeds, START)];
    await turn();
    for (let round = 0; round < 200; round++) {
      device.send();
      for (const reader of readers) reader.take();
    }
    for (const { at } of readers) assert.deepEqual(at, device.sizes);
    assert.equal(device.reads.length, 1);
    assert.deepEqual(device.sent, device.sizes, "the device sent each byte once");
  });

  test("keep to a window when no watcher takes anything", async () => {
    const { device, feeds } = world();
    device.sizes = { stdout: 100_000_000, stderr: 0 };
    const reader = new Reader(feeds, START);
    await turn();
    for (let round = 0; round < 100; round++) device.send();
    assert.ok(device.sent.stdout <= 64 * 1024, `${device.sent.stdout} bytes were sent`);
    for (let round = 0; round < 50; round++) {
      reader.take();
      device.send();
    }
    assert.ok(device.sent.stdout - reader.at.stdout <= 256 * 1024);
  });

  test("a later watcher has one of its own until it has caught up, and shares then", async () => {
    const { device, feeds } = world();
    device.sizes = { stdout: 1_000_000, stderr: 50_000 };
    const first = new Reader(feeds, START);
    await turn();
    for (let round = 0; round < 60; round++) {
      device.send();
      first.take();
    }
    const late = new Reader(feeds, START);
    assert.equal(device.open.length, 2);
    await turn();
    for (let round = 0; round < 400; round++) {
      device.sizes.stdout += 500;
      device.send();
      first.take();
      late.take();
    }
    assert.equal(device.open.length, 1);
    device.send();
    first.take();
    late.take();
    assert.deepEqual([first.at, late.at], [device.sizes, device.sizes]);
  });

  test("one that holds up others is dropped, and goes on from its cursor with a read of its own", async () => {
    const { clock, device, feeds } = world();
    device.sizes = { stdout: 5_000_000, stderr: 0 };
    const [fast, slow] = [new Reader(feeds, START), new Reader(feeds, START)];
    await turn();
    device.send();
    slow.take(1);
    for (let round = 0; round < 20; round++) {
      device.send();
      fast.take();
    }
    assert.ok(fast.at.stdout < 400_000, "the fast one waits");
    clock.pass(SLOW_MEMBER_MS);
    slow.take();
    assert.equal(slow.last, "dropped");
    for (let round = 0; round < 400; round++) {
      device.send();
      fast.take();
    }
    assert.deepEqual(fast.at, device.sizes);
    const again = new Reader(feeds, slow.at);
    await turn();
    for (let round = 0; round < 400; round++) {
      device.send();
      again.take();
    }
    assert.deepEqual(again.at, device.sizes);
  });

  test("a watcher that is alone is not dropped, however slow", async () => {
    const { clock, device, feeds } = world();
    device.sizes = { stdout: 500_000, stderr: 0 };
    const reader = new Reader(feeds, START);
    await turn();
    for (let round = 0; round < 800 && reader.at.stdout < 500_000; round++) {
      device.send();
      reader.take(1);
      clock.pass(SLOW_MEMBER_MS);
    }
    assert.deepEqual(reader.at, device.sizes);
  });

  test("end for all with their reason, after the last byte, and are forgotten", async () => {
    const { device, feeds } = world();
    device.sizes = { stdout: 10_000, stderr: 0 };
    const readers = [new Reader(feeds, START), new Reader(feeds, START)];
    await turn();
    device.send();
    device.reads[0]?.sink.ended("complete");
    for (const reader of readers) {
      reader.take();
      assert.deepEqual([reader.at.stdout, reader.last], [10_000, "complete"]);
      reader.watcher[Symbol.dispose]();
    }
    assert.equal(feeds.readCount, 0);
  });

  test("the last watcher that leaves ends its read, and so many are refused beyond the bound", async () => {
    const { device, feeds } = world();
    device.sizes = { stdout: 10_000_000, stderr: 0 };
    const readers = [0, 1, 2, 3, 4].map((part) => new Reader(feeds, { stdout: part * 2_000_000, stderr: 0 }));
    await turn();
    assert.equal(feeds.readCount, 4);
    readers[4]?.take();
    assert.equal(readers[4]?.last, "busy");
    for (const { watcher } of readers) watcher[Symbol.dispose]();
    assert.deepEqual([feeds.readCount, device.open.length], [0, 0]);
  });
});
