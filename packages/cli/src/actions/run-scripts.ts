import type { CommandStatusWire } from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import type { CommandContext, Outcome } from "../command.ts";
import type { Target } from "../download/target.ts";
import { finishAction } from "./finish-action.ts";
import { cancelOnInterrupt } from "./interrupt.ts";
import { LiveOutput } from "./output/live-output.ts";
import { outputDocument } from "./output/output-document.ts";
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
  /** With `--json`: a document for each piece of output, as it comes, and one for the end. */
  isLive: boolean;
  targetOf(command: CommandStatusWire): Promise<Target>;
}

/** Starts the action, prints the output of its scripts as it comes, and fetches its results. */
export async function runScripts(
  context: CommandContext,
  client: HalliganClient,
  request: StartRequest,
  { isCancelled, isLive, ...options }: RunOptions,
): Promise<Outcome> {
  const { args, env, progress, note, signal } = context;
  // A start that waits would hold the first output back.
  const waitMs = isLive ? null : waitWithStartMs(context, options.limitMs);
  let live: LiveOutput | null = null;
  const started = await startAction(context, client, request, waitMs, (actionId) => {
    if (context.isJson || options.isRaw || args.flag("no-wait")) return;
    const delayMs = waitMs === null ? 0 : LIVE_AFTER_MS;
    live = new LiveOutput(client, actionId, env, { from: "start", delayMs, progress, note, signal });
  });
  if (args.flag("no-wait")) return startedOnly(context, started);
  const end = () => finishAction(context, client, { started, live, archiveKind: null, ...options });
  const finish = isLive ? () => lines(context, client, started.actionId, end) : end;
  return isCancelled ? cancelOnInterrupt(client, started.actionId, finish) : finish();
}

/** The output line by line, then the document that `--json` prints without it. */
async function lines(
  { emit, signal }: CommandContext,
  client: HalliganClient,
  actionId: string,
  end: () => Promise<Outcome>,
): Promise<Outcome> {
  const leave = new AbortController();
  const watch = async () => {
    const events = client.watchActionOutput(actionId, { signal: AbortSignal.any([signal, leave.signal]) });
    for await (const output of events) await emit(outputDocument(output), "");
  };
  // The wait for the action reports what is wrong with the server; the end has all output.
  const watched = watch().catch(() => undefined);
  let outcome: Outcome;
  try {
    outcome = await end();
    await watched;
  } finally {
    leave.abort();
    await watched;
  }
  await emit({ event: "result", ...outcome.json }, "");
  return { ...outcome, isStreamed: true };
}
