import type { Environment } from "../../environment.ts";

/** Null where nothing has to fit: a pipe or a file gets whole lines. */
export function terminalWidth({ isTTY, columns }: Environment["stdout"]): number | null {
  return isTTY ? (columns ?? 80) : null;
}
