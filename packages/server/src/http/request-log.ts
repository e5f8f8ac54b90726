import type { Logger } from "pino";

/** One line a request. No query (links carry their signature there), no headers, no body. */
export interface RequestLine {
  readonly requestId: string;
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly remoteAddress: string;
  /** The calling application or user, or machine. */
  readonly callerId?: string;
  readonly machineId?: string;
  /** Code of a refusal. */
  readonly code?: string;
}

/** Longest path that is logged. */
const MAX_PATH_CHARS = 500;

/** Faults of ours are errors; everything a client did wrong is information. */
export function logRequest(log: Logger, line: RequestLine): void {
  const level = line.status >= 500 && line.status !== 507 ? "error" : "info";
  log[level]({ ...line, path: line.path.slice(0, MAX_PATH_CHARS) }, "request");
}

/** Who was admitted, as the log names them. */
export function namesOf(who: unknown): { readonly callerId?: string; readonly machineId?: string } {
  if (typeof who !== "object" || who === null) return {};
  if ("caller" in who) return { callerId: textOf(who.caller, "id") };
  if ("ticket" in who) return { machineId: textOf(who.ticket, "machineId") };
  return {};
}

function textOf(value: unknown, key: string): string {
  const found =
    typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key) : undefined;
  return String(found?.[1] ?? "");
}
