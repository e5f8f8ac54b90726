import type { OutputRead, OutputRequest, OutputSink } from "../../service/output/output-source.ts";
import type { DeviceOutput } from "./device-output.ts";

/** What a read finds when its turn has come. */
export type ReadTurn = DeviceOutput | "disconnected" | "notOffered";

/**
 * Asks the device behind everything that waits to be sent, so that it has the order when it is
 * asked. `queue`: runs the work in its turn.
 */
export function queuedRead(
  queue: (work: () => Promise<void>) => void,
  turn: () => ReadTurn,
  request: OutputRequest,
  sink: OutputSink,
): OutputRead {
  let read: OutputRead | null = null;
  let isClosed = false;
  queue(async () => {
    if (isClosed) return;
    const output = turn();
    if (typeof output === "string") return sink.ended(output);
    read = output.read(request, sink);
    if (!read) sink.ended("busy");
  });
  return {
    // Nothing is granted before the first bytes have come.
    grant: (bytes) => read?.grant(bytes),
    close() {
      isClosed = true;
      read?.close();
    },
  };
}
