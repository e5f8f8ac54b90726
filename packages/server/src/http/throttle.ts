import type { WindowRule } from "../domain/identity/request-window.ts";
import type { RequestCounter } from "../service/identity/count-request.ts";
import type { RateLimit, Throttle } from "./edge/http-request.ts";
import { type ErrorResponse, tooManyRequests } from "./edge/http-response.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface ThrottleLimits {
  runRequestsPerMinute: number;
  requestsPerMinute: number;
  requestsPerHour: number;
}

/**
 * Counts requests for each calling account, by the rate limit that an operation declares. Limited
 * are the contract's operations (docs/contract/http-api.md#rate-limits;
 * docs/contract/choices.md#limits), and those of Halligan's own that do the same, or that need no
 * administrator and write a record at each request.
 */
export function createThrottle(limits: ThrottleLimits, counter: RequestCounter): Throttle {
  const run: WindowRule[] = [{ limit: limits.runRequestsPerMinute, windowMs: MINUTE_MS }];
  const other: WindowRule[] = [
    { limit: limits.requestsPerMinute, windowMs: MINUTE_MS },
    { limit: limits.requestsPerHour, windowMs: HOUR_MS },
  ];
  const isOff = (rules: readonly WindowRule[]) => rules.every(({ limit }) => limit >= UNCOUNTED_FROM);
  return async (operation, accountId) => {
    const name = countedAs(operation);
    if (name === null) return null;
    const rules = name === START ? run : other;
    if (isOff(rules)) return null;
    const waitMs = await counter.count(`${name}\n${accountId}`, rules);
    return waitMs === null ? null : refusal(name, rules, waitMs);
  };
}

/** The name under which every start is counted, as the contract calls it. */
const START = "RunLiveResponse";

/** The name under which requests of an operation are counted; null for one without limits. */
function countedAs({ name, rateLimit }: { readonly name: string; readonly rateLimit: RateLimit }): string | null {
  if (rateLimit === "none") return null;
  if (rateLimit === "standard") return name;
  return rateLimit === "start" ? START : rateLimit.sharedWith;
}

/** Names the limit and the end of the wait, for people: a client shows this text. */
function refusal(name: string, rules: readonly WindowRule[], waitMs: number): ErrorResponse {
  const windows = rules.map(({ limit, windowMs }) => `${limit} ${windowMs === HOUR_MS ? "an hour" : "a minute"}`);
  const waitS = Math.max(1, Math.ceil(waitMs / 1_000));
  return tooManyRequests(
    waitS,
    `the limit of ${name} is reached (${windows.join(", ")} for each application or user). The next one is admitted in ` +
      `${waitS} seconds.`,
  );
}

/** A limit this high is none: nothing is kept for it. */
const UNCOUNTED_FROM = 100_000;
