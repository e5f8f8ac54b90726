import type { WindowRule } from "../domain/identity/request-window.ts";
import type { RequestCounter } from "../service/identity/count-request.ts";
import { type ErrorAnswer, tooManyRequests } from "./edge/answer.ts";
import type { Throttle } from "./edge/incoming.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface ThrottleLimits {
  runRequestsPerMinute: number;
  requestsPerMinute: number;
  requestsPerHour: number;
}

/**
 * Limits of the contract's operations, each counted for itself and for each calling application or
 * user (docs/contract/http-api.md#rate-limits; docs/contract/choices.md#limits), and of those of
 * Halligan's own that do the same, or store something.
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
    const rules = name === "RunLiveResponse" ? run : other;
    if (isOff(rules)) return null;
    const waitMs = await counter.count(`${name}\n${accountId}`, rules);
    return waitMs === null ? null : refusal(name, rules, waitMs);
  };
}

/**
 * Halligan's own operations that are limited too, and under which name: a start is a start, whichever way it comes, and so
 * is a list or an upload. The others are those that need no administrator and write a record at each request.
 */
const OWN_LIMITED: ReadonlyMap<string, string> = new Map([
  ["StartLiveResponse", "RunLiveResponse"],
  ["StageContent", "StageContent"],
  ["ListMachineDetails", "ListMachines"],
  ["PutLibraryFile", "UploadLibraryFile"],
  ["ReplaceMachineTags", "SetMachineTags"],
  ["RenameMachine", "RenameMachine"],
  ["RevokeResultLinks", "RevokeResultLinks"],
]);

/** The name under which requests of an operation are counted; null for one without limits. */
export const countedAs = ({ name, path }: { name: string; path: string }): string | null =>
  path.startsWith("/api/") ? name : (OWN_LIMITED.get(name) ?? null);

/** Names the limit and the end of the wait, for people: a client shows this text. */
function refusal(name: string, rules: readonly WindowRule[], waitMs: number): ErrorAnswer {
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
