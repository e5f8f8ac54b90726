import { until } from "../../../../protocol/test/support/until.ts";
import type { Api } from "./api.ts";

/** One event of a stream of server-sent events. */
export interface SentEvent {
  readonly event: string;
  readonly data: string;
}

/** The events of a whole stream, comments left out. */
export const eventsOf = (text: string): readonly SentEvent[] => text.split("\n\n").flatMap(eventOf);

function eventOf(block: string): readonly SentEvent[] {
  const field = (name: string) =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const [event, data] = [field("event"), field("data")];
  return event === undefined || data === undefined ? [] : [{ event, data }];
}

/** A stream that is read while it goes on. */
export class EventStream implements Disposable {
  readonly status: number;
  readonly headers: Headers;
  /** All that came, comments too. */
  text = "";
  /** It has ended, in order. */
  isOver = false;
  readonly #leave: AbortController;
  /** Settles when nothing comes any more; rejects when the connection broke. */
  readonly over: Promise<void>;

  private constructor(response: Response, leave: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#leave = leave;
    this.over = this.#read(response);
    // A caller that leaves by itself does not await the end.
    this.over.catch(() => undefined);
  }

  static async open(
    { target, token }: Pick<Api, "target" | "token">,
    actionId: string,
    headers: Readonly<Record<string, string>> = {},
    what = "events",
  ): Promise<EventStream> {
    const leave = new AbortController();
    const response = await fetch(`${target.baseUrl}/halligan/v1/actions/${actionId}/${what}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: leave.signal,
    });
    return new EventStream(response, leave);
  }

  get events(): readonly SentEvent[] {
    // What follows the last blank line has not come as a whole yet.
    return eventsOf(this.text.slice(0, this.text.lastIndexOf("\n\n") + 2));
  }

  /** The bodies of the events of this name, in order. */
  bodies(name: string): readonly unknown[] {
    return this.events.filter(({ event }) => event === name).map(({ data }): unknown => JSON.parse(data));
  }

  /** Resolves when it holds of what has come; rejects when the stream ends before. */
  async until(holds: (stream: this) => boolean): Promise<void> {
    await until(
      () => {
        if (holds(this)) return true;
        if (this.isOver) throw new Error(`the stream ended before: ${this.text}`);
        return false;
      },
      "an event of the stream",
      { withinMs: 60_000 },
    );
  }

  [Symbol.dispose](): void {
    this.#leave.abort();
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      this.text += decoder.decode(chunk, { stream: true });
    }
    this.isOver = true;
  }
}
