import type { ActionOutputEvent } from "@halligan/protocol/api";
import { toJsonText } from "@halligan/protocol/text";
import type { OutputCursor } from "../../../service/actions/output/watch-output.ts";

const CURSOR = /^(\d{1,4})\.(\d{1,15})\.(\d{1,15})$/;

/** `id`: where a client goes on after this event; null when it goes on as before it. */
export function outputEventText({ event, data }: ActionOutputEvent, id: string | null): string {
  return `${id === null ? "" : `id: ${id}\n`}event: ${event}\ndata: ${toJsonText(data)}\n\n`;
}

/** Null: from the present end. Undefined: the id is none of this stream. */
export function readOutputCursor(
  lastEventId: string | string[] | undefined,
  from: "start" | "end" | undefined,
): OutputCursor | null | undefined {
  if (lastEventId === undefined || lastEventId === "") {
    return from === "end" ? null : { index: 0, stdout: 0, stderr: 0 };
  }
  const [, index, stdout, stderr] = CURSOR.exec(String(lastEventId)) ?? [];
  if (index === undefined) return undefined;
  return { index: Number(index), stdout: Number(stdout), stderr: Number(stderr) };
}
