import type { MachineActionEvent } from "@halligan/protocol/api";
import { toJsonText } from "@halligan/protocol/text";

/** Ignored by readers; tells them, and proxies between, that the stream lives. */
export const HEARTBEAT = ": \n\n";

/**
 * One event as it goes over the wire. JSON has no line breaks of its own, so one `data:` line holds
 * it.
 */
export const eventText = ({ event, data }: MachineActionEvent): string =>
  `event: ${event}\ndata: ${toJsonText(data)}\n\n`;
