import { type InlineResultWire, MACHINE_ACTION_EVENTS, type MachineActionEvent } from "@halligan/protocol/api";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import type { MachineAction } from "../../../../domain/actions/machine-action.ts";
import type { Waiting } from "../../../../domain/actions/progress/waiting-reason.ts";
import { ActionWatch } from "../../../../service/actions/watch/watch-action.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { events } from "../../../edge/declared-responses.ts";
import { httpError, tooManyRequests } from "../../../edge/http-response.ts";
import { eventText, HEARTBEAT } from "../../../edge/response/event-text.ts";
import { sampleSucceededAction, sampleWaiting } from "../../../openapi/samples/actions.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { READ } from "../../access-rules.ts";
import { inlineResults } from "../../action-wait.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { waitingWire } from "../../present/waiting-wire.ts";

/**
 * A stream that says nothing for longer looks dead: clients and proxies give up after 30 to 60 s.
 */
const HEARTBEAT_INTERVAL_MS = 15_000;

/** It is not known when a slot gets free. A client without one asks for the action instead. */
const RETRY_AFTER_S = 30;

/**
 * An action as it changes, as server-sent events: its state and what it waits for at once, then
 * each change of them, and how far files are. The stream ends after the final state. The events
 * have whole states, so `Last-Event-ID` is not needed: a client that connects again gets the
 * present ones.
 */
export const watchMachineAction = operation({
  name: "WatchMachineAction",
  method: "GET",
  path: "/halligan/v1/actions/:id/events",
  access: permitted(READ),
  rateLimit: "none",
  query: { results: "value" },
  doc: {
    tag: "Machine actions",
    summary: "Watch a machine action",
    description:
      "Server-sent events: the action as it is and what it waits for, then again after each change of them, and how far the files of " +
      "its commands are. " +
      "The stream ends by itself after a final status. A comment comes every 15 seconds, so that a silent stream is a dead one. It also " +
      "ends when the token runs out and when the server stops: whoever comes again gets the present state, with or without " +
      "`Last-Event-ID`. A node has so many streams and no more (`HALLIGAN_MAX_EVENT_STREAMS`); beyond, ask for the action instead.",
    path: { id: actionIdParameter },
    query: {
      results: {
        description:
          "`inline`: the last event has the small transcripts of the action in `results`, as WaitForMachineAction.",
        schema: Type.Literal("inline"),
        example: "inline",
      },
    },
    refusals: {
      400: "`InvalidInput`: `results` is not `inline`.",
      404: ACTION_NOT_FOUND,
      429: "`TooManyRequests`: all streams of this node are taken. `Retry-After` says when to try again.",
    },
  },
  responses: {
    200: events("The events.", {
      "text/event-stream": {
        schema: Type.String({
          description: "`x-events` has the schema of the `data` of each event, which is JSON on one line, by its name.",
          "x-events": MACHINE_ACTION_EVENTS,
        }),
        example: [
          eventText({ event: "transfer", data: { index: 1, transferredBytes: 8_388_608 } }),
          eventText({ event: "waiting", data: sampleWaiting }),
          eventText({ event: "action", data: sampleSucceededAction }),
        ].join(""),
      },
    }),
  },
  body: noBody,
  async handler({ caller, isStillAdmitted, params, options, signal: gone }, context) {
    const wanted = options.get("results");
    if (wanted !== undefined && wanted !== "inline")
      return httpError(400, "InvalidInput", "results can only be inline; leave it out for events without transcripts");
    const { eventStreams, rereadIntervalMs } = context;
    using opened = new DisposableStack();
    const slot = eventStreams.enter(accountOf(caller), gone);
    if (slot === null) return tooManyRequests(RETRY_AFTER_S, "all streams of events, or all of this caller, are taken");
    opened.use(slot);
    const watch = await ActionWatch.open(context, caller, params.id, { rereadIntervalMs, isStillAdmitted });
    if (!watch.ok) return domainRefusal(watch.error);
    opened.use(watch.value);
    const waiter = { caller, isStillAdmitted };
    const resultsOf = async (action: MachineAction) =>
      wanted === undefined ? undefined : await inlineResults(context, waiter, action);
    return { kind: "events", status: 200, events: eventsOf(watch.value, slot.signal, resultsOf), held: opened.move() };
  },
});

/** Asked for the next event only when the client has taken the last one. */
async function* eventsOf(
  watch: ActionWatch,
  signal: AbortSignal,
  resultsOf: (action: MachineAction) => Promise<InlineResultWire[] | undefined>,
): AsyncGenerator<string> {
  // Not every change of a row shows on the wire.
  let lastAction = "";
  let lastWaiting = "";
  for (;;) {
    const step = await watch.next(HEARTBEAT_INTERVAL_MS, signal);
    if (step.kind === "over") return;
    if (step.kind === "quiet") {
      yield HEARTBEAT;
      continue;
    }
    if (step.kind === "transfers") {
      yield step.transfers
        .map(({ index, transferredBytes }) => textOf({ event: "transfer", data: { index, transferredBytes } }))
        .join("");
      continue;
    }
    const action = step.kind === "action" ? await actionText(step.now.action, resultsOf) : lastAction;
    const waiting = waitingText(step.kind === "action" ? step.now.waiting : step.waiting);
    const changed = (action === lastAction ? "" : action) + (waiting === lastWaiting ? "" : waiting);
    lastAction = action;
    lastWaiting = waiting;
    if (changed !== "") yield changed;
  }
}

async function actionText(
  action: MachineAction,
  resultsOf: (action: MachineAction) => Promise<InlineResultWire[] | undefined>,
): Promise<string> {
  const results = await resultsOf(action);
  return textOf({ event: "action", data: { ...machineActionWire(action), ...(results && { results }) } });
}

const waitingText = (waiting: Waiting | null): string =>
  waiting === null ? "" : textOf({ event: "waiting", data: waitingWire(waiting) });

const textOf = (event: MachineActionEvent): string => eventText(event);
