import { UnexpectedResponseError } from "../errors.ts";

export interface StreamedEvent {
  event: string;
  data: string;
  /** Of this event; absent when it has none. */
  id?: string;
}

/** Longest event, in characters. The entity of an action has about 10,000. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

/**
 * Parses the events of a `text/event-stream` by the HTML standard, without `retry`, because the
 * callers decide about reconnecting. It drops comments. A caller that must know whether the stream
 * is alive watches its chunks.
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let data: string[] = [];
  let id: string | undefined;
  let sizeChars = 0;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    // Each character of a line is searched once, even when the line arrives in many chunks.
    const lines = text.includes("\n") ? (rest + text).split("\n") : [rest + text];
    rest = lines.pop() ?? "";
    for (const ended of lines) {
      const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
      if (line === "") {
        if (data.length > 0)
          yield { event: event || "message", data: data.join("\n"), ...(id !== undefined && { id }) };
        event = "";
        id = undefined;
        data = [];
        sizeChars = 0;
        continue;
      }
      sizeChars += line.length;
      const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (name === "event") event = value;
      if (name === "data") data.push(value);
      if (name === "id") id = value;
    }
    if (sizeChars + rest.length > MAX_EVENT_CHARS) {
      throw new UnexpectedResponseError(`An event of the stream has more than ${MAX_EVENT_CHARS} characters`);
    }
  }
}
