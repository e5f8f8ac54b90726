import {
  type ActionWithResultsWire,
  FINAL_STATUSES,
  type MachineActionWire,
  type TransferWire,
  type WaitingWire,
} from "@halligan/protocol/api";
import { ApiError, type HalliganClient, UnreachableError } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import { CliError, InterruptedError } from "../errors/cli-error.ts";
import { describeFailure } from "../errors/describe-failure.ts";
import { orSee } from "../errors/or-see.ts";
import type { Progress } from "../render/progress/progress.ts";
import { progressLine } from "../render/progress/progress-line.ts";
import { formatDuration } from "../render/text/units.ts";
import { describeWaiting, isProgress } from "../render/waiting.ts";
import { actionJson, statusOf } from "./action-json.ts";
import { followAction } from "./follow-action.ts";

const FIRST_INTERVAL_MS = 150;
const LONGEST_INTERVAL_MS = 2_000;
const GROWTH = 1.4;
/** The progress line counts seconds while no event comes. */
const PROGRESS_INTERVAL_MS = 1_000;
/**
 * How long the server may be unavailable, or not know an action that it has just created, before
 * the wait fails. The real service is only eventually consistent.
 */
export const PATIENCE_MS = 60_000;

export interface WaitOptions {
  /** The server's response to the start; null when only the id is known. */
  created: ActionWithResultsWire | null;
  /** The server has accepted it, so it must be there, also when `created` is not known. */
  isAccepted: boolean;
  /** The final action has its small transcripts if the server can send them with it. */
  withResults: boolean;
  /** Milliseconds that count against `limitMs` already. */
  waitedMs: number;
  /** Longest wait in milliseconds; null for none. When it passes, the action continues. */
  limitMs: number | null;
  progress: Progress;
  /** Writes a line for a person without a progress line. */
  note(text: string): void;
  signal: AbortSignal;
}

/**
 * The action once its status is final: by its events where the server has them, by asking again and
 * again where not, or when their stream was cut. Throws CliError `waitLimitReached`, and
 * `InterruptedError` that says how to go on: the action goes on when no caller waits for it.
 */
export async function waitForAction(
  client: HalliganClient,
  actionId: string,
  options: WaitOptions,
): Promise<ActionWithResultsWire> {
  const { created, limitMs, progress, waitedMs, withResults } = options;
  if (created !== null && FINAL_STATUSES.has(statusOf(created))) return created;
  const startedAtMs = performance.now() - waitedMs;
  const limit = new AbortController();
  const cancelLimit =
    limitMs === null ? undefined : systemClock.after(Math.max(0, limitMs - waitedMs), () => limit.abort());
  const signal = AbortSignal.any([options.signal, limit.signal]);
  const reader = createActionReader(client, actionId, options, signal);
  let transfer: TransferWire | null = null;
  const reasons = createReasonNotes(options.note);
  reasons.heard(created?.waiting ?? null);
  const showProgress = () => {
    const elapsedMs = performance.now() - startedAtMs;
    progress.show(progressLine(actionId, reader.last(), transfer, elapsedMs, reasons.last(), systemClock.nowMs()));
  };
  const ticker = setInterval(showProgress, PROGRESS_INTERVAL_MS);
  let hasEvents = true;
  let intervalMs = FIRST_INTERVAL_MS;
  try {
    for (;;) {
      if (hasEvents) {
        const followed = await followAction(client, actionId, {
          onAction(action) {
            reader.heard(action);
            showProgress();
          },
          onWaiting(waiting) {
            reasons.heard(waiting);
            showProgress();
          },
          onTransfer(moved) {
            transfer = moved;
            showProgress();
          },
          withResults,
          signal,
        });
        if (followed.kind === "final") return followed.action;
        hasEvents = followed.kind === "cut";
      }
      const action = await reader.read();
      if (action !== null && FINAL_STATUSES.has(statusOf(action))) return action;
      showProgress();
      await sleep(systemClock, intervalMs, signal);
      intervalMs = Math.min(intervalMs * GROWTH, LONGEST_INTERVAL_MS);
    }
  } catch (error) {
    const last = reader.last();
    const waiting = reasons.last();
    const json = {
      actionId,
      ...(last !== null && { action: actionJson(last) }),
      ...(waiting !== null && { waiting }),
    };
    if (options.signal.aborted) throw explainInterrupt(options.signal.reason, actionId, json);
    if (limit.signal.aborted) {
      const message = `Action ${actionId} is not finished after ${formatDuration(limitMs ?? 0)}; it goes on.`;
      throw new CliError("waitLimitReached", "WaitLimitReached", `${message}\n${howToGoOn(actionId)}`, { json });
    }
    if (last === null && !options.isAccepted) throw error;
    const { exit, code, message } = describeFailure(error);
    const text = `${message}\nAction ${actionId} goes on.\n${howToGoOn(actionId)}`;
    throw new CliError(exit, code, text, { json, cause: error });
  } finally {
    cancelLimit?.();
    clearInterval(ticker);
    progress.clear();
  }
}

interface ReasonNotes {
  /** Takes what the action waits for now. */
  heard(waiting: WaitingWire | null): void;
  last(): WaitingWire | null;
}

/**
 * Writes a line when the action waits for something else. Nothing is written while it makes
 * progress from its start on, so a script that runs at once adds nothing to standard error.
 */
function createReasonNotes(note: (text: string) => void): ReasonNotes {
  let last: WaitingWire | null = null;
  let hasNoted = false;
  return {
    last: () => last,
    heard(waiting) {
      const isNew = waiting !== null && waiting.reason !== last?.reason;
      last = waiting ?? last;
      if (!isNew || (isProgress(waiting) && !hasNoted)) return;
      hasNoted = true;
      note(`halligan: ${describeWaiting(waiting, systemClock.nowMs())}`);
    },
  };
}

interface ActionReader {
  /** The server's present state of the action, or the previous state during a short outage. */
  read(): Promise<MachineActionWire | null>;
  /** Takes a state from an event. */
  heard(action: MachineActionWire): void;
  last(): MachineActionWire | null;
}

function createActionReader(
  client: HalliganClient,
  actionId: string,
  { created, isAccepted }: Pick<WaitOptions, "created" | "isAccepted">,
  signal: AbortSignal,
): ActionReader {
  let last: MachineActionWire | null = created;
  let hasBeenRead = false;
  let answeredAtMs = performance.now();
  const heard = (action: MachineActionWire) => {
    last = action;
    hasBeenRead = true;
    answeredAtMs = performance.now();
  };
  return {
    last: () => last,
    heard,
    async read() {
      try {
        const asked = client.getMachineAction(actionId, { signal });
        heard(await (last === null && !isAccepted ? orSee(asked, "halligan actions") : asked));
      } catch (error) {
        const isNotYetVisible = error instanceof ApiError && error.status === 404 && !hasBeenRead;
        const isPassing = isNotYetVisible || error instanceof UnreachableError;
        if ((last === null && !isAccepted) || !isPassing || performance.now() - answeredAtMs > PATIENCE_MS) throw error;
      }
      return last;
    },
  };
}

function explainInterrupt(reason: unknown, actionId: string, json: Record<string, unknown>): unknown {
  if (!(reason instanceof InterruptedError)) return reason;
  const message = `No longer waiting. Action ${actionId} goes on.\n${howToGoOn(actionId)}`;
  return new InterruptedError(reason.signal, message, json);
}

function howToGoOn(actionId: string): string {
  return [
    `  look at it:   halligan action ${actionId}`,
    `  its output:   halligan attach ${actionId}`,
    `  its results:  halligan result ${actionId}`,
    `  cancel it:    halligan cancel ${actionId}`,
  ].join("\n");
}
