import { isUtf8 } from "node:buffer";
import { ACTION_OUTPUT_EVENTS, type ActionOutputEvent } from "@halligan/protocol/api";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { type OutputNotice, type OutputStep, OutputWatch } from "../../../../service/actions/output/watch-output.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { events } from "../../../edge/declared-responses.ts";
import { httpError, tooManyRequests } from "../../../edge/http-response.ts";
import { HEARTBEAT } from "../../../edge/response/event-text.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { RESULTS } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { outputEventText, readOutputCursor } from "../../present/output-event.ts";

/** As the stream of events: clients and proxies give up after 30 to 60 s. */
const HEARTBEAT_INTERVAL_MS = 15_000;
const RETRY_AFTER_S = 30;

const NOTICES: Readonly<Record<OutputNotice, string>> = {
  AgentWithoutLiveOutput:
    "The agent of this machine is older and sends no live output: it comes when the command has ended.",
  AgentOnAnotherNode:
    "The machine is connected to another node of this server: its output comes when the command has ended.",
};

const SAMPLE_EVENTS: readonly [ActionOutputEvent, string | null][] = [
  [{ event: "command", data: { index: 0, type: "RunScript", status: "Created", exitCode: null } }, null],
  [{ event: "chunk", data: { index: 0, stream: "stdout", offset: 0, text: "hello from build-07\n" } }, "0.20.0"],
  [{ event: "command", data: { index: 0, type: "RunScript", status: "Completed", exitCode: 0 } }, "1.0.0"],
  [{ event: "end", data: { status: "Succeeded" } }, null],
];

/**
 * What the scripts of an action write, as it comes, and from their transcripts afterwards:
 * `docs/decisions/0048-live-output.md`.
 */
export const watchMachineActionOutput = operation({
  name: "WatchMachineActionOutput",
  method: "GET",
  path: "/halligan/v1/actions/:id/output",
  access: permitted(RESULTS),
  rateLimit: "standard",
  query: { from: "value" },
  doc: {
    tag: "Machine actions",
    summary: "Watch the output of a machine action",
    description:
      "Server-sent events: the bytes that its scripts write to standard output and standard error, as they come, command after command. " +
      "Of a command that has ended they come from its transcript. The id of an event is `index.stdout.stderr`: the command, and how " +
      "many bytes of each of its streams were sent. A client that sends the last one as `Last-Event-ID` goes on there, without a byte " +
      "twice or missing, also on another node and after the end. A comment comes every 15 seconds. The stream ends after `end`, when the " +
      "token runs out, when the server stops, and after `dropped`. Of an older agent, or one that is connected to another node, `notice` says so, and the " +
      "output comes with the end of its command. A cursor beyond the output of its command is answered with `gap`. Each command is recorded once for each stream as WatchMachineActionOutput. The stream counts " +
      "against `HALLIGAN_MAX_EVENT_STREAMS`.",
    path: { id: actionIdParameter },
    query: {
      from: {
        description:
          "`start`: all commands from their first byte. `end`: what is written from now on. Default `start`.",
        schema: Type.Union([Type.Literal("start"), Type.Literal("end")]),
        example: "end",
      },
    },
    headers: {
      "Last-Event-ID": {
        description: "Id of the last event that the client has. It outranks `from`.",
        schema: Type.String(),
        example: "0.20.0",
      },
    },
    refusals: {
      400: "`InvalidInput`: `from` or `Last-Event-ID` is malformed. `CursorBeyondOutput`: no command of the action can have so much output.",
      404: ACTION_NOT_FOUND,
      429: "`TooManyRequests`: all streams of this node, or of this caller, are taken. `Retry-After` says when to try again.",
    },
  },
  responses: {
    200: events("The events.", {
      "text/event-stream": {
        schema: Type.String({
          description: "`x-events` has the schema of the `data` of each event, which is JSON on one line, by its name.",
          "x-events": ACTION_OUTPUT_EVENTS,
        }),
        example: SAMPLE_EVENTS.map(([event, id]) => outputEventText(event, id)).join(""),
      },
    }),
  },
  body: noBody,
  async handler({ caller, isStillAdmitted, params, options, headers, signal: gone }, context) {
    const from = options.get("from");
    if (from !== undefined && from !== "start" && from !== "end")
      return httpError(400, "InvalidInput", "from can be start or end");
    const cursor = readOutputCursor(headers["last-event-id"], from);
    if (cursor === undefined)
      return httpError(400, "InvalidInput", "Last-Event-ID must be the id of an event of this stream, such as 0.20.0");
    const { eventStreams, rereadIntervalMs } = context;
    using opened = new DisposableStack();
    const slot = eventStreams.enter(accountOf(caller), gone);
    if (slot === null) return tooManyRequests(RETRY_AFTER_S, "all streams of events, or all of this caller, are taken");
    opened.use(slot);
    const watch = await OutputWatch.open(context, caller, params.id, {
      from: cursor,
      rereadIntervalMs,
      quietAfterMs: HEARTBEAT_INTERVAL_MS,
      isStillAdmitted,
    });
    if (!watch.ok) return domainRefusal(watch.error);
    opened.use(watch.value);
    return { kind: "events", status: 200, events: eventsOf(watch.value, slot.signal), held: opened.move() };
  },
});

async function* eventsOf(watch: OutputWatch, signal: AbortSignal): AsyncGenerator<string> {
  // The head and this show at once that no proxy holds the stream back.
  yield HEARTBEAT;
  for await (const step of watch.steps(signal)) yield textOf(step);
}

function textOf(step: OutputStep): string {
  switch (step.kind) {
    case "quiet":
      return HEARTBEAT;
    case "command": {
      const { index, command, exitCode } = step;
      const status = command.status === "Executing" ? "Created" : command.status;
      const data = { index, type: command.type, status, exitCode };
      return outputEventText({ event: "command", data }, status === "Created" ? null : `${index + 1}.0.0`);
    }
    case "chunk": {
      const { index, chunk, cursor } = step;
      const { stream, offset, bytes } = chunk;
      const data = { index, stream, offset, ...contentOf(bytes) };
      return outputEventText({ event: "chunk", data }, `${cursor.index}.${cursor.stdout}.${cursor.stderr}`);
    }
    case "truncated": {
      const { index, stream, sizeBytes, keptBytes } = step;
      return outputEventText({ event: "truncated", data: { index, stream, sizeBytes, keptBytes } }, null);
    }
    case "gap":
      return outputEventText({ event: "gap", data: { index: step.index, reason: step.reason } }, null);
    case "notice": {
      const { index, code } = step;
      return outputEventText({ event: "notice", data: { index, code, message: NOTICES[code] } }, null);
    }
    case "dropped": {
      const message = "This watcher took its events too slowly and held up others. Go on with the last event id.";
      return outputEventText({ event: "dropped", data: { message } }, null);
    }
    case "end":
      return outputEventText({ event: "end", data: { status: step.action.status } }, null);
  }
}

/** A response replaces NUL in texts, so such bytes are no text. */
function contentOf(bytes: Buffer): { text: string } | { base64: string } {
  const isText = isUtf8(bytes) && !bytes.includes(0);
  return isText ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") };
}
