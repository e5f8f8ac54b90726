import type { ActionOutput } from "@halligan/protocol/client";

/** The shape of {@link outputDocument}, for the help. */
export const OUTPUT_DOCUMENT_SHAPE =
  '{event: "chunk", index, stream: stdout | stderr, offset, text | base64} or ' +
  '{event: "command", index, type, status, exitCode} or {event: "truncated", index, stream, sizeBytes, keptBytes} or ' +
  '{event: "gap", index, reason: expired | beyondOutput} or {event: "notice", index, code, message} or {event: "end", status}; ' +
  "cursor in each: where a watch goes on after it";

/** One event of the output of an action, as a line of JSON. */
export function outputDocument({ event, data, cursor }: ActionOutput): Record<string, unknown> {
  if (event !== "chunk") return { event, ...data, cursor };
  const { index, stream, offset, bytes } = data;
  return { event, index, stream, offset, ...contentOf(bytes), cursor };
}

function contentOf(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}
