/**
 * Sends the output of scripts to a server that asks for it, from the spool, and as far as the
 * server has paid with credit. It keeps no output: a read ends with its bytes on the connection.
 * The watches of a connection end with it.
 */
import {
  MAX_OUTPUT_CHUNK_BYTES,
  MAX_OUTPUT_CREDIT_BYTES,
  MAX_OUTPUT_WATCHES,
  type OutputCredit,
  type OutputEnd,
  type OutputStream,
  type UnwatchOutput,
  type WatchOutput,
} from "@halligan/protocol/link";
import { messageOf } from "../error-text.ts";
import type { JournalState } from "../journal/journal.ts";
import type { Log, OutputReader, OutputSpools } from "../ports.ts";
import type { ServerConnection } from "../server-connection.ts";

export interface LiveOutputDeps {
  spools: OutputSpools;
  serverConnection: ServerConnection;
  journal(): JournalState;
  log: Log;
}

const STREAMS: readonly OutputStream[] = ["stdout", "stderr"];

export class LiveOutput {
  readonly #deps: LiveOutputDeps;
  readonly #watches = new Map<number, Watch>();
  /** Whether the server of the present connection knows the end `beyond`. */
  saysBeyond = false;

  constructor(deps: LiveOutputDeps) {
    this.#deps = deps;
  }

  watch(frame: WatchOutput): void {
    const { watchId } = frame;
    if (this.#watches.size >= MAX_OUTPUT_WATCHES || this.#watches.has(watchId)) {
      this.#deps.serverConnection.send({ type: "outputEnd", watchId, reason: "unknown" });
      return;
    }
    const watch = new Watch(this.#deps, frame, this.saysBeyond);
    this.#watches.set(watchId, watch);
    void watch.run().finally(() => {
      // A watch of a later connection can have the same id.
      if (this.#watches.get(watchId) === watch) this.#watches.delete(watchId);
    });
  }

  credit({ watchId, bytes }: OutputCredit): void {
    this.#watches.get(watchId)?.credit(bytes);
  }

  unwatch({ watchId }: UnwatchOutput): void {
    this.#watches.get(watchId)?.stop(true);
  }

  /** A command may have ended, or an order may have been removed. */
  wake(): void {
    for (const watch of this.#watches.values()) watch.wake();
  }

  /** The connection has ended. */
  closeAll(): void {
    for (const watch of this.#watches.values()) watch.stop(false);
    this.#watches.clear();
  }
}

class Watch {
  readonly #deps: LiveOutputDeps;
  readonly #frame: WatchOutput;
  readonly #saysBeyond: boolean;
  #creditBytes: number;
  #stop: "unwatched" | "silently" | null = null;
  #wake: () => void = () => undefined;
  #isWoken = false;

  constructor(deps: LiveOutputDeps, frame: WatchOutput, saysBeyond: boolean) {
    this.#deps = deps;
    this.#frame = frame;
    this.#saysBeyond = saysBeyond;
    this.#creditBytes = frame.creditBytes;
  }

  credit(bytes: number): void {
    this.#creditBytes = Math.min(this.#creditBytes + bytes, MAX_OUTPUT_CREDIT_BYTES);
    this.wake();
  }

  /** @param isAnswered the server waits for the end of this watch */
  stop(isAnswered: boolean): void {
    this.#stop = isAnswered ? (this.#stop ?? "unwatched") : "silently";
    this.wake();
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { spools, serverConnection, log } = this.#deps;
    const { watchId, actionId, orderSeq, index } = this.#frame;
    let reason: OutputEnd["reason"] = "unknown";
    const reader = spools.open({ actionId, orderSeq, index }, () => this.wake());
    try {
      reason = await this.#send(reader);
    } catch (error) {
      log.warn("outputNotRead", { actionId, index, error: messageOf(error) });
    } finally {
      await reader.close();
      if (this.#stop !== "silently") serverConnection.send({ type: "outputEnd", watchId, reason });
    }
  }

  async #send(reader: OutputReader): Promise<OutputEnd["reason"]> {
    const { serverConnection } = this.#deps;
    const { watchId, from } = this.#frame;
    if (this.#state() === "unknown") return "unknown";
    const { stdout, stderr } = await reader.sizes();
    // What is written later is not what the watcher has had.
    if (from !== "end" && (from.stdout > stdout || from.stderr > stderr))
      return this.#saysBeyond ? "beyond" : "unknown";
    const at = from === "end" ? { stdout, stderr } : { ...from };
    serverConnection.send({ type: "outputBegin", watchId, at: { ...at } });
    let turn = 0;
    while (this.#stop === null) {
      this.#isWoken = false;
      // Read before the sizes: what has ended does not grow any more.
      const state = this.#state();
      const sizes = await reader.sizes();
      const stream = [0, 1].map((step) => STREAMS[(turn + step) % 2]).find((one) => one && sizes[one] > at[one]);
      if (stream === undefined) {
        if (sizes.isFinal || state === "ended") return "complete";
        if (state === "unknown") return "unknown";
        await this.#woken();
        continue;
      }
      if (this.#creditBytes === 0) {
        await this.#woken();
        continue;
      }
      const offset = at[stream];
      const wanted = Math.min(sizes[stream] - offset, this.#creditBytes, MAX_OUTPUT_CHUNK_BYTES);
      const bytes = await reader.read(stream, offset, wanted);
      // The file is gone, or a script replaced it. The server has the transcript, or will get it.
      if (bytes.length === 0) return "unknown";
      if (this.#stop !== null) break;
      this.#creditBytes -= bytes.length;
      at[stream] += bytes.length;
      turn = stream === "stdout" ? 1 : 0;
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
      serverConnection.send({ type: "output", watchId, stream, offset, base64 });
    }
    return "unwatched";
  }

  /** `ended`: the command has no more output, which is known from the journal. */
  #state(): "open" | "ended" | "unknown" {
    const { actionId, orderSeq, index } = this.#frame;
    const held = this.#deps.journal().orders.get(orderSeq);
    const of = held?.commands[index];
    if (!held || !of || held.order.actionId !== actionId) return "unknown";
    return of.end || of.scriptEnd || held.closed ? "ended" : "open";
  }

  #woken(): Promise<void> {
    if (this.#isWoken) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
