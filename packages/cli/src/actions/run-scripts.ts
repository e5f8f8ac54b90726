import type { CommandStatusWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { CommandContext, Outcome } from "../command.ts";
import type { Target } from "../download/target.ts";
import { finishAction } from "./finish-action.ts";
import { cancelOnInterrupt } from "./interrupt.ts";
import { LiveOutput } from "./output/live-output.ts";
import { type StartRequest, startAction, waitWithStartMs } from "./start-action.ts";
import { startedOnly } from "./started-only.ts";

/**
 * The response to a start that waits brings the output of a short script, so most of them need no
 * second request.
 */
const LIVE_AFTER_MS = 50;

export interface RunOptions {
  limitMs: number | null;
  maxSizeBytes: number;
  isRaw: boolean;
  /** Ctrl+C cancels the action. */
  isCancelled: boolean;
  targetOf(command: CommandStatusWire): Promise<Target>;
}

/** Starts the action, prints the output of its scripts as it comes, and fetches its results. */
export async function runScripts(
  context: CommandContext,
  client: HalliganClient,
  request: StartRequest,
  { isCancelled, ...options }: RunOptions,
): Promise<Outcome> {
  const { args, env, progress, note, signal } = context;
  const waitMs = waitWithStartMs(context, options.limitMs);
  let live: LiveOutput | null = null;
  const started = await startAction(context, client, request, waitMs, (actionId) => {
    if (context.isJson || options.isRaw || args.flag("no-wait")) return;
    const delayMs = waitMs === null ? 0 : LIVE_AFTER_MS;
    live = new LiveOutput(client, actionId, env, { from: "start", delayMs, progress, note, signal });
  });
  if (args.flag("no-wait")) return startedOnly(context, started);
  const finish = () => finishAction(context, client, { started, live, archiveKind: null, ...options });
  return isCancelled ? cancelOnInterrupt(client, started.actionId, finish) : finish();
}
