import type { MachineActionEvent } from "@halligan/protocol/api";
import { toJsonText } from "@halligan/protocol/text";

/** A comment line, which readers ignore. Shows clients and proxies that the stream is alive. */
export const HEARTBEAT = ": \n\n";

/**
 * One event as it goes over the wire. JSON has no line breaks of its own, so one `data:` line holds
 * it.
 */
export const eventText = ({ event, data }: MachineActionEvent): string =>
  `event: ${event}\ndata: ${toJsonText(data)}\n\n`;
