import { UnexpectedAnswerError } from "../errors.ts";

export interface StreamedEvent {
  event: string;
  data: string;
}

/** Longest event that is put together, in characters. The entity of an action has some 10,000. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

/**
 * The events of a `text/event-stream`, as the HTML standard has them, without `id` and `retry`: nothing here reconnects by itself.
 * Comments are left out; whoever wants to know that the stream lives watches its chunks.
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let data: string[] = [];
  let sizeChars = 0;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    // A line of many pieces is looked through once, and not again with each of them.
    const lines = text.includes("\n") ? (rest + text).split("\n") : [rest + text];
    rest = lines.pop() ?? "";
    for (const ended of lines) {
      const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
      if (line === "") {
        if (data.length > 0) yield { event: event || "message", data: data.join("\n") };
        event = "";
        data = [];
        sizeChars = 0;
        continue;
      }
      sizeChars += line.length;
      const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (name === "event") event = value;
      if (name === "data") data.push(value);
    }
    if (sizeChars + rest.length > MAX_EVENT_CHARS) {
      throw new UnexpectedAnswerError(`An event of the stream has more than ${MAX_EVENT_CHARS} characters`);
    }
  }
}
