import { once } from "node:events";
import type { ActionOutput, HalliganClient } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Environment } from "../../environment.ts";
import type { Progress } from "../../render/progress/progress.ts";
import { plainTextStream, type TextStream, terminalTextStream } from "../../render/text/harmless-stream.ts";

const STREAMS = ["stdout", "stderr"] as const;
type Stream = (typeof STREAMS)[number];
const LINE_FEED = 10;
/** More than the agent's notes about one script. */
const LAST_ERRORS_CHARACTERS = 16_384;

const GAPS = {
  expired: "The output is not kept any more: the time for which results are kept is over.",
  beyondOutput: "The machine has lost output that was shown before. What follows is what it writes from now on.",
};

/** What is known of a command whose output has come whole. */
export interface WatchedScript {
  exitCode: number | null;
  truncated: boolean;
  /** The end of what it wrote to standard error, with the agent's notes. */
  lastErrors: string;
}

export interface LiveOutputOptions {
  from: "start" | "end";
  /** Until the watch begins, in milliseconds. */
  delayMs: number;
  progress: Progress;
  /** A line for a person. */
  note(text: string): void;
  signal: AbortSignal;
}

/**
 * Prints the output of an action's scripts as it comes: to standard output and standard error, as
 * text that a terminal may show. What the server cannot send live is printed by `printRest`.
 */
export class LiveOutput {
  readonly #env: Pick<Environment, "stdout" | "stderr">;
  readonly #progress: Progress;
  readonly #note: (text: string) => void;
  readonly #leave = new AbortController();
  readonly #printedBytes = new Map<string, number>();
  readonly #ended = new Map<number, WatchedScript>();
  readonly #truncated = new Set<number>();
  readonly #texts: Record<Stream, TextStream>;
  readonly #isFromEnd: boolean;
  #index = 0;
  #isLineOpen = false;
  #lastErrors = "";
  #hasPrinted = false;
  /** Resolves when nothing more comes; never rejects. */
  readonly over: Promise<void>;

  constructor(client: HalliganClient, actionId: string, env: Environment, options: LiveOutputOptions) {
    const { from, delayMs, progress, note, signal } = options;
    this.#env = env;
    this.#progress = progress;
    this.#note = note;
    this.#isFromEnd = from === "end";
    this.#texts = { stdout: this.#textStream("stdout"), stderr: this.#textStream("stderr") };
    const all = AbortSignal.any([signal, this.#leave.signal]);
    // The wait for the action reports what is wrong with the server.
    this.over = sleep(systemClock, delayMs, all)
      .then(() => this.#print(client.watchActionOutput(actionId, { from, signal: all })))
      .catch(() => undefined);
  }

  /** The progress line stops at the first output, because it would erase an unfinished line. */
  get progress(): Progress {
    return {
      show: (text) => {
        if (!this.#hasPrinted) this.#progress.show(text);
      },
      clear: () => this.#progress.clear(),
    };
  }

  /** Whether the last character on standard error is no line break. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /** Null when the output of this command did not come to its end. */
  watched(index: number): WatchedScript | null {
    return this.#ended.get(index) ?? null;
  }

  /** Stops the watch. What has come is printed when this resolves. */
  async leave(): Promise<void> {
    this.#leave.abort();
    await this.over;
  }

  /** The bytes of a stream after those that were printed. */
  async printRest(index: number, stream: Stream, whole: Uint8Array): Promise<void> {
    if (this.#isFromEnd) return;
    await this.#write(index, stream, whole.subarray(this.#printedBytes.get(`${index} ${stream}`) ?? 0));
  }

  /** The last command has been printed. */
  async finish(): Promise<void> {
    await this.#endTexts();
  }

  async #print(events: AsyncIterable<ActionOutput>): Promise<void> {
    for await (const { event, data } of events) {
      if (event === "chunk") await this.#write(data.index, data.stream, data.bytes);
      else if (event === "truncated") this.#truncated.add(data.index);
      else if (event === "gap") this.#note(`halligan: ${GAPS[data.reason]}`);
      else if (event === "notice") this.#note(`halligan: ${data.message}`);
      else if (event === "command" && data.type === "RunScript" && data.status !== "Created") {
        const { index, exitCode } = data;
        this.#ended.set(index, { exitCode, truncated: this.#truncated.has(index), lastErrors: this.#lastErrors });
        this.#lastErrors = "";
      }
    }
  }

  async #write(index: number, stream: Stream, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (index !== this.#index) await this.#endTexts();
    this.#index = index;
    const key = `${index} ${stream}`;
    this.#printedBytes.set(key, (this.#printedBytes.get(key) ?? 0) + bytes.length);
    await this.#put(stream, this.#texts[stream].push(bytes));
  }

  async #endTexts(): Promise<void> {
    for (const stream of STREAMS) {
      await this.#put(stream, this.#texts[stream].end());
      this.#texts[stream] = this.#textStream(stream);
    }
  }

  async #put(stream: Stream, text: string): Promise<void> {
    if (text === "") return;
    if (!this.#hasPrinted) this.#progress.clear();
    this.#hasPrinted = true;
    const bytes = Buffer.from(text);
    if (stream === "stderr") {
      this.#isLineOpen = bytes.at(-1) !== LINE_FEED;
      this.#lastErrors = (this.#lastErrors + text).slice(-LAST_ERRORS_CHARACTERS);
    }
    if (!this.#env[stream].write(bytes)) await once(this.#env[stream], "drain");
  }

  #textStream(stream: Stream): TextStream {
    return this.#env[stream].isTTY ? terminalTextStream() : plainTextStream();
  }
}
