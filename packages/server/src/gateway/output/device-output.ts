import {
  MAX_OUTPUT_CHUNK_BYTES,
  MAX_OUTPUT_WATCHES,
  type Output,
  type OutputBegin,
  type OutputEnd,
  type OutputPosition,
  type ServerFrame,
} from "@halligan/protocol/link";
import type { OutputRead, OutputReadEnd, OutputRequest, OutputSink } from "../../service/output/output-source.ts";

export type OutputFrame = OutputBegin | Output | OutputEnd;

interface Watch {
  readonly sink: OutputSink;
  readonly from: OutputPosition | "end";
  /** Null until the device has said where it begins. */
  at: OutputPosition | null;
  creditBytes: number;
  /** The server wants no more, and the device has not confirmed it yet. */
  isClosing: boolean;
}

/** What the watches need of their connection. */
export interface DeviceOutputPort {
  send(frame: ServerFrame): void;
}

/**
 * The reads of live output on one connection. The device sends only what was asked for, in order
 * and within its credit: anything else is a breach of the protocol, so no byte is lost or doubled
 * between a device and its server without the connection ending.
 */
export class DeviceOutput {
  readonly #port: DeviceOutputPort;
  readonly #watches = new Map<number, Watch>();
  #lastId = 0;

  constructor(port: DeviceOutputPort) {
    this.#port = port;
  }

  /** Null when the device has as many watches as it takes. */
  read({ actionId, orderSeq, index, from, creditBytes }: OutputRequest, sink: OutputSink): OutputRead | null {
    if (this.#watches.size >= MAX_OUTPUT_WATCHES) return null;
    this.#lastId += 1;
    const watchId = this.#lastId;
    const watch: Watch = { sink, from, at: null, creditBytes, isClosing: false };
    this.#watches.set(watchId, watch);
    this.#port.send({ type: "watchOutput", watchId, actionId, orderSeq, index, from, creditBytes });
    return {
      grant: (bytes) => {
        if (watch.isClosing || !this.#watches.has(watchId)) return;
        watch.creditBytes += bytes;
        this.#port.send({ type: "outputCredit", watchId, bytes });
      },
      close: () => {
        if (watch.isClosing || !this.#watches.has(watchId)) return;
        watch.isClosing = true;
        this.#port.send({ type: "unwatchOutput", watchId });
      },
    };
  }

  /** False for a frame that no agent sends. The connection then ends. */
  received(frame: OutputFrame): boolean {
    const watch = this.#watches.get(frame.watchId);
    if (!watch) return false;
    switch (frame.type) {
      case "outputBegin":
        return began(watch, frame);
      case "output":
        return took(watch, frame);
      case "outputEnd":
        this.#watches.delete(frame.watchId);
        if (!watch.isClosing) watch.sink.ended(frame.reason === "unwatched" ? "unknown" : frame.reason);
        return true;
    }
  }

  /** The connection has ended. */
  end(reason: OutputReadEnd): void {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    for (const { sink, isClosing } of watches) if (!isClosing) sink.ended(reason);
  }
}

function began(watch: Watch, { at }: OutputBegin): boolean {
  const { from } = watch;
  if (watch.at || (from !== "end" && (from.stdout !== at.stdout || from.stderr !== at.stderr))) return false;
  watch.at = { ...at };
  if (!watch.isClosing) watch.sink.began(at);
  return true;
}

function took(watch: Watch, { stream, offset, base64 }: Output): boolean {
  const { at } = watch;
  if (at?.[stream] !== offset) return false;
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length > Math.min(watch.creditBytes, MAX_OUTPUT_CHUNK_BYTES)) return false;
  watch.creditBytes -= bytes.length;
  at[stream] += bytes.length;
  if (!watch.isClosing) watch.sink.chunk(stream, bytes);
  return true;
}
