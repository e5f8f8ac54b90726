import type { Writable } from "node:stream";
import { harmlessLine } from "../text/harmless.ts";
import { cutToWidth } from "../text/text-width.ts";

/**
 * One line on standard error that is rewritten in place; nothing at all where that is not a
 * terminal.
 */
export interface Progress {
  show(text: string): void;
  clear(): void;
}

export function createProgress(stream: Writable & { isTTY?: boolean; columns?: number }): Progress {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  let isShown = false;
  return {
    show(text) {
      // A line longer than the terminal would wrap and could not be rewritten.
      stream.write(`\r\u001b[K${cutToWidth(harmlessLine(text), Math.max(20, (stream.columns ?? 80) - 1))}`);
      isShown = true;
    },
    clear() {
      if (isShown) stream.write("\r\u001b[K");
      isShown = false;
    },
  };
}
