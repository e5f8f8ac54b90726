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
  readonly actionId?: string;
  /** Of a file or a result. */
  readonly sentBytes?: number;
  /** Code of a refusal. */
  readonly code?: string;
}

/** Longest path that is logged. */
const MAX_PATH_CHARS = 500;

/** Our own errors are errors; everything a client did wrong is information. */
export function logRequest(log: Logger, line: RequestLine): void {
  const level = line.status < 500 || line.status === 507 ? "info" : line.status === 503 ? "warn" : "error";
  log[level]({ ...line, path: line.path.slice(0, MAX_PATH_CHARS) }, "request");
}

/** What an id can be; a caller's own text has no place in a log line under our names. */
const ACTION_ID = /^[0-9a-f-]{36}$/i;
const MACHINE_ID = /^[0-9a-f]{40}$/i;

/** The action and the machine that a path names. Of other operations `:id` is something else. */
export function subjectOf(
  path: string,
  params: Readonly<Record<string, string>>,
): { readonly actionId?: string; readonly machineId?: string } {
  const { id, actionId } = params;
  if (actionId !== undefined) return ACTION_ID.test(actionId) ? { actionId } : {};
  if (id === undefined) return {};
  if (/^\/(api\/machineactions|halligan\/v1\/actions)\//i.test(path)) return ACTION_ID.test(id) ? { actionId: id } : {};
  return /^\/(api|halligan\/v1)\/machines\//i.test(path) && MACHINE_ID.test(id) ? { machineId: id } : {};
}
