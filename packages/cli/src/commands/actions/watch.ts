import { FINAL_STATUSES, type MachineActionWire, type WaitingWire } from "@halligan/protocol/api";
import { ApiError, UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import { actionJson, statusOf } from "../../actions/action-json.ts";
import { failureOfAction } from "../../actions/finish-action.ts";
import type { CommandDefinition } from "../../command.ts";
import { EXIT } from "../../errors/exit-codes.ts";
import { orSee } from "../../errors/or-see.ts";
import { harmlessText } from "../../render/text/harmless.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { renderActionChange, renderTransfer, renderWaiting } from "../../render/watch.ts";
import { positional } from "../shared-options.ts";

const POLL_INTERVAL_MS = 2_000;
const AFTER_A_STREAM_MS = 300;

export const watch: CommandDefinition = {
  usage: "ACTION",
  details: [
    "Its state and what it waits for at once, then a line for each change of them, and for how far a file has come. Ctrl+C stops watching, not the action. " +
      "Its results afterwards: halligan result ACTION.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan watch 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22"],
  jsonShape:
    'one document on each line: {event: "action", action: the API\'s machine action} or ' +
    '{event: "transfer", index, transferredBytes} or {event: "waiting", reason, since, until, detail, and by reason index, position, lastSeen or actionId}',
  async run(context) {
    const { args, connect, emit, env, signal } = context;
    const client = await connect();
    const actionId = positional(args, 0);
    let last: MachineActionWire | null = null;
    const show = async (action: MachineActionWire) => {
      const before = last;
      last = action;
      const text = renderActionChange(action, before);
      if (text !== "") await emit({ event: "action", action: actionJson(action) }, text);
    };
    let lastWaiting = "";
    const showWaiting = async (waiting: WaitingWire) => {
      // A stream that begins again repeats it.
      const text = JSON.stringify(waiting);
      if (text === lastWaiting) return;
      lastWaiting = text;
      await emit(
        { event: "waiting", ...waiting },
        renderWaiting(waiting, systemClock.nowMs(), terminalWidth(env.stdout)),
      );
    };
    // Sent first, because its response distinguishes an unknown action from a server without
    // events.
    await show(await orSee(client.getMachineAction(actionId, { signal }), "halligan actions"));
    while (last === null || !FINAL_STATUSES.has(statusOf(last))) {
      try {
        for await (const { event, data } of client.watchMachineAction(actionId, { signal })) {
          if (event === "action") await show(data);
          else if (event === "waiting") await showWaiting(data);
          else await emit({ event, ...data }, renderTransfer(data, last));
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isWithoutEvents(error)) throw error;
        await sleep(systemClock, POLL_INTERVAL_MS, signal);
      }
      if (last !== null && FINAL_STATUSES.has(statusOf(last))) break;
      // A server that stops ends its streams. Wait a moment before the next request.
      await sleep(systemClock, AFTER_A_STREAM_MS, signal);
      await show(await client.getMachineAction(actionId, { signal }));
    }
    const failure = failureOfAction(last);
    return {
      json: {},
      isStreamed: true,
      ...(failure !== null && { notes: `${harmlessText(failure.message)}\n`, exitCode: EXIT[failure.exit] }),
    };
  },
};

/**
 * Errors for which a request for the action gives a better answer: the server has no streams, none
 * is free, or the stream broke off.
 */
const isWithoutEvents = (error: unknown): boolean =>
  error instanceof UnreachableError ||
  error instanceof UnexpectedResponseError ||
  (error instanceof ApiError && [404, 429, 503].includes(error.status));
