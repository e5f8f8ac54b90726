import type { ActionWithResultsWire, InlineResultWire } from "@halligan/protocol/api";
import { accountOf, type Caller } from "../../auth/caller.ts";
import { isFinal, type MachineAction } from "../../domain/actions/machine-action.ts";
import type { ActionNow } from "../../service/actions/watch/read-waiting.ts";
import { ActionWatch } from "../../service/actions/watch/watch-action.ts";
import { takeInlineResults } from "../../service/results/take-inline-results.ts";
import { type PermittedCaller, permissionRefusal } from "../edge/access.ts";
import { type ErrorResponse, httpError } from "../edge/http-response.ts";
import { RESULTS } from "./access-rules.ts";
import type { HttpContext } from "./context.ts";
import { optionsMember } from "./present/action-options-wire.ts";
import { secretNamesMember } from "./present/action-secrets-wire.ts";
import { machineActionWire } from "./present/machine-action-wire.ts";
import { odataContext } from "./present/odata-context.ts";
import { waitingWire } from "./present/waiting-wire.ts";

const DURATION = /^(\d{1,9})(ms|s)$/;

/** Milliseconds of the query option `wait`, at most `maxMs`; null without it; or the refusal. */
export function readWait(
  text: string | undefined,
  maxMs: number,
): { readonly kind: "read"; readonly waitMs: number | null } | ErrorResponse {
  if (text === undefined) return { kind: "read", waitMs: null };
  const [, digits = "", unit] = DURATION.exec(text) ?? [];
  if (unit === undefined) {
    const shown = JSON.stringify(text.slice(0, 40).toWellFormed());
    return httpError(
      400,
      "InvalidInput",
      `wait must be a whole number with its unit, such as 30s or 500ms, not ${shown}`,
    );
  }
  return { kind: "read", waitMs: Math.min(Number(digits) * (unit === "s" ? 1_000 : 1), maxMs) };
}

type Waiter = Pick<PermittedCaller, "caller" | "isStillAdmitted">;

/**
 * The action when it is final, or its state when the time is over, the server stops, the client
 * goes away, or the caller may no longer see it. `present`: its state now.
 */
export async function waitForEnd(
  context: HttpContext,
  { caller, isStillAdmitted }: Waiter,
  present: ActionNow,
  waitMs: number,
  signal: AbortSignal,
): Promise<ActionNow> {
  const { clock, rereadIntervalMs } = context;
  if (isFinal(present.action.status) || waitMs === 0) return present;
  const endsAtMs = clock.monotonicMs() + waitMs;
  const opened = await ActionWatch.open(context, caller, present.action.id, { rereadIntervalMs, isStillAdmitted });
  if (!opened.ok) return present;
  using watch = opened.value;
  let now = present;
  while (!isFinal(now.action.status)) {
    const step = await watch.next(Math.max(0, endsAtMs - clock.monotonicMs()), signal);
    if (step.kind === "action") now = step.now;
    else if (step.kind === "waiting") now = { ...now, waiting: step.waiting };
    else if (step.kind !== "transfers") break;
  }
  return now;
}

/**
 * What `StartLiveResponse` answers after its wait. It never fails: the status was sent when the
 * action was accepted.
 */
export async function actionAtEnd(
  context: HttpContext,
  waiter: Waiter,
  accepted: MachineAction,
  waitMs: number,
  { gone, signal }: { readonly gone: AbortSignal; readonly signal: AbortSignal },
): Promise<ActionWithResultsWire> {
  let now: ActionNow = { action: accepted, waiting: null };
  try {
    now = await waitForEnd(context, waiter, now, waitMs, signal);
    // After the client has gone no caller receives them, so nothing is recorded.
    const results = gone.aborted ? undefined : await inlineResults(context, waiter, now.action);
    return actionNowEntity(context, now, results);
  } catch (err) {
    context.log.warn({ err, actionId: accepted.id }, "waiting for an action failed");
    return actionNowEntity(context, now);
  }
}

/**
 * The small transcripts of a final action, for a caller who may create the links of its results.
 * They count as that operation. Undefined when none may be in the response.
 */
export async function inlineResults(
  context: HttpContext,
  { caller, isStillAdmitted }: Waiter,
  action: MachineAction,
): Promise<InlineResultWire[] | undefined> {
  if (!isFinal(action.status) || !(await mayFetch(context, caller))) return undefined;
  // The token was checked when the request began, and the wait may have been long.
  if (!(await isStillAdmitted())) return undefined;
  return await takeInlineResults(context, caller, action);
}

async function mayFetch({ throttle }: HttpContext, caller: Caller): Promise<boolean> {
  if (permissionRefusal(RESULTS, caller) !== null) return false;
  return (await throttle({ name: LINK_OPERATION, rateLimit: "standard" }, accountOf(caller))) === null;
}

const LINK_OPERATION = "GetLiveResponseResultDownloadLink";

/** The contract's entity, with the results that may be in the response. */
export function actionEntity(
  context: HttpContext,
  action: MachineAction,
  results?: InlineResultWire[],
): ActionWithResultsWire {
  return {
    "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
    ...machineActionWire(action),
    ...(results && { results }),
  };
}

/** The same, with what the action waits for, and what its caller chose. */
export const actionNowEntity = (
  context: HttpContext,
  { action, waiting }: ActionNow,
  results?: InlineResultWire[],
): ActionWithResultsWire => ({
  ...actionEntity(context, action, results),
  ...(waiting && { waiting: waitingWire(waiting) }),
  ...optionsMember(action),
  ...secretNamesMember(action),
});

/** Where to go on with an action that was started: `WaitForMachineAction`. */
export const actionLocation = ({ publicUrl }: HttpContext, { id }: MachineAction): string =>
  `${publicUrl.replace(/\/$/, "")}/halligan/v1/actions/${id}`;
