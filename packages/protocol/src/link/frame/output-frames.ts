/**
 * Live output of a running script (docs/decisions/0048-live-output.md). The agent's spool on disk
 * is the source: a server that has watchers asks for it from a position, and pays for the bytes
 * with credit. Only for agents whose hello has the feature {@link LIVE_OUTPUT}.
 */
import { type Static, Type } from "typebox";
import { ActionId, CommandIndex, OrderSeq } from "../ids.ts";

/** In `features` of a hello: the agent knows the frames of this file. */
export const LIVE_OUTPUT = "liveOutput";

/**
 * In `features` of a hello: the agent compares the position of a read with its output. In those of
 * the answer: the server knows the end `beyond`.
 */
export const OUTPUT_BEYOND = "outputBeyond";

/** Most bytes of one `output` frame: 64 KiB as base64. */
export const MAX_OUTPUT_CHUNK_BYTES = 48 * 1024;
/** Most bytes that a server may have asked for and not received, by watch. */
export const MAX_OUTPUT_CREDIT_BYTES = 1024 * 1024;
/** Most watches of one connection at the same time. */
export const MAX_OUTPUT_WATCHES = 8;

const closed = { additionalProperties: false } as const;
/** Chosen by the server, and never used twice on one connection. */
const WatchId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const CreditBytes = Type.Integer({ minimum: 1, maximum: MAX_OUTPUT_CREDIT_BYTES });

export const OutputStream = Type.Union([Type.Literal("stdout"), Type.Literal("stderr")]);
export type OutputStream = Static<typeof OutputStream>;

/** Bytes of each stream that come before this position, the agent's notes included. */
export const OutputPosition = Type.Object({ stdout: Offset, stderr: Offset }, closed);
export type OutputPosition = Static<typeof OutputPosition>;

// Server to agent.

/**
 * The output of one command from a position, or from its present end. The agent answers with
 * `outputBegin` and `output` frames, and with one `outputEnd`, also when it knows no such command.
 */
export const WatchOutput = Type.Object(
  {
    type: Type.Literal("watchOutput"),
    watchId: WatchId,
    actionId: ActionId,
    orderSeq: OrderSeq,
    index: CommandIndex,
    from: Type.Union([OutputPosition, Type.Literal("end")]),
    creditBytes: CreditBytes,
  },
  closed,
);
export type WatchOutput = Static<typeof WatchOutput>;
/** The agent may send so many bytes more. */
export const OutputCredit = Type.Object(
  { type: Type.Literal("outputCredit"), watchId: WatchId, bytes: CreditBytes },
  closed,
);
export type OutputCredit = Static<typeof OutputCredit>;
/** The server wants no more. The agent still sends `outputEnd`. */
export const UnwatchOutput = Type.Object({ type: Type.Literal("unwatchOutput"), watchId: WatchId }, closed);
export type UnwatchOutput = Static<typeof UnwatchOutput>;

// Agent to server.

/** Where the bytes begin. Sent once, before any of them. */
export const OutputBegin = Type.Object(
  { type: Type.Literal("outputBegin"), watchId: WatchId, at: OutputPosition },
  closed,
);
export type OutputBegin = Static<typeof OutputBegin>;
/** The bytes of one stream at `offset`, which is where its last frame ended. */
export const Output = Type.Object(
  {
    type: Type.Literal("output"),
    watchId: WatchId,
    stream: OutputStream,
    offset: Offset,
    base64: Type.String({
      minLength: 4,
      maxLength: (MAX_OUTPUT_CHUNK_BYTES / 3) * 4,
      pattern: "^[A-Za-z0-9+/]+={0,2}$",
    }),
  },
  closed,
);
export type Output = Static<typeof Output>;
/**
 * No frame of this watch follows.
 * complete:  the command has ended, and all of its output was sent.
 * unwatched: the server asked for it.
 * unknown:   the device does not hold the order, or cannot read its output any more.
 * beyond:    the output is shorter than the position from which it was to be read. Only to a server
 *            that has the feature {@link OUTPUT_BEYOND}; another one gets `unknown`.
 */
export const OutputEnd = Type.Object(
  {
    type: Type.Literal("outputEnd"),
    watchId: WatchId,
    reason: Type.Union([
      Type.Literal("complete"),
      Type.Literal("unwatched"),
      Type.Literal("unknown"),
      Type.Literal("beyond"),
    ]),
  },
  closed,
);
export type OutputEnd = Static<typeof OutputEnd>;
