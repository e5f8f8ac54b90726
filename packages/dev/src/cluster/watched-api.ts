import { MachineActionWire as MachineActionSchema, type MachineActionWire } from "@halligan/protocol/api";
import { Compile } from "typebox/compile";
import type { Violations } from "../torture/violations.ts";
import type { Outages } from "./outages.ts";

/** Longer than any wait of a node. A running node that takes longer does not answer. */
const RESPONSE_TIMEOUT_MS = 60_000;

const Action = Compile(MachineActionSchema);

export type ApiResponse =
  | { kind: "action"; action: MachineActionWire }
  | { kind: "list"; actions: MachineActionWire[] }
  /** An error response of the contract. */
  | { kind: "refused"; status: number; code: string; message: string }
  /** 503: the server did nothing, and the request can be repeated. */
  | { kind: "unavailable" }
  /** No response. The caller cannot know whether the request was executed. */
  | { kind: "lost" };

export interface EntryPoint {
  readonly url: string;
  /** Null for the balancer. */
  readonly node: string | null;
}

export interface ResponseCounts {
  answered: number;
  refused: number;
  unavailable: number;
  lost: number;
}

/** The API as callers use it. Every response that no fault of this run explains is a violation. */
export class WatchedApi {
  readonly counts: ResponseCounts = { answered: 0, refused: 0, unavailable: 0, lost: 0 };
  slowestMs = 0;
  readonly #token: string;
  readonly #outages: Outages;
  readonly #violations: Violations;

  constructor(token: string, outages: Outages, violations: Violations) {
    this.#token = token;
    this.#outages = outages;
    this.#violations = violations;
  }

  async send(entryPoint: EntryPoint, method: "GET" | "POST", path: string, json?: unknown): Promise<ApiResponse> {
    const sentAtMs = performance.now();
    const what = `${method} ${path.split("?")[0]} at ${entryPoint.node ?? "the balancer"}`;
    let status: number;
    let retryAfter: string | null;
    let text: string;
    try {
      const response = await fetch(`${entryPoint.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
        ...(json !== undefined && { body: JSON.stringify(json) }),
      });
      status = response.status;
      retryAfter = response.headers.get("retry-after");
      text = await response.text();
    } catch (cause) {
      this.counts.lost += 1;
      if (!this.#outages.mayExplainLoss(entryPoint.node, sentAtMs)) {
        const because = cause instanceof Error ? `${cause.message} (${cause.cause})` : String(cause);
        const tookMs = Math.round(performance.now() - sentAtMs);
        this.#violations.add(`${what} was not answered by a living node after ${tookMs} ms: ${because}`);
      }
      return { kind: "lost" };
    }
    this.slowestMs = Math.max(this.slowestMs, performance.now() - sentAtMs);
    const answer = readResponse(status, text);
    if (answer.kind === "unavailable") {
      this.counts.unavailable += 1;
      if (retryAfter === null) this.#violations.add(`${what} was answered 503 without Retry-After: ${text}`);
      if (!this.#outages.mayExplain503(sentAtMs)) {
        this.#violations.add(`${what} was answered 503 though the database was there: ${text}`);
      }
    } else if (answer.kind === "refused") {
      this.counts.refused += 1;
      if (status >= 500 || answer.code === "") this.#violations.add(`${what} was answered ${status}: ${text}`);
    } else this.counts.answered += 1;
    return answer;
  }
}

function readResponse(status: number, text: string): ApiResponse {
  if (status === 503) return { kind: "unavailable" };
  const body = bodyOf(text);
  if (status >= 200 && status < 300) {
    if (Action.Check(body)) return { kind: "action", action: body };
    const list = body?.value;
    if (Array.isArray(list) && list.every((one) => Action.Check(one))) return { kind: "list", actions: list };
    return { kind: "refused", status, code: "", message: text };
  }
  const error = recordOf(body?.error);
  return { kind: "refused", status, code: String(error?.code ?? ""), message: String(error?.message ?? "") };
}

function bodyOf(text: string): Record<string, unknown> | null {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return null;
  }
}

const recordOf = (value: unknown): Record<string, unknown> | null =>
  typeof value === "object" && value !== null ? { ...value } : null;
