import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { cleanText } from "../text/clean-text.ts";
import { jsonBoundsFault } from "../text/json-bounds.ts";
import { findJsonFault } from "../text/json-fault.ts";
import { FileChange } from "./file-change.ts";
import {
  AGENT_FRAME_BOUNDS,
  type FrameBounds,
  MAX_ERROR_CHARACTERS,
  MAX_ERROR_TEXTS,
  MAX_EVIDENCE_CHARACTERS,
  MAX_HELD_ORDERS,
  MAX_INLINE_TRANSCRIPT_BYTES,
} from "./frame-bounds.ts";
import { ActionId, CommandIndex, JournalId, OrderSeq, Sha256, SizeBytes, StartId, UnixMs, UploadId } from "./ids.ts";
import { Continuity, ProbeNonce, RollingValue } from "./machine/continuity.ts";
import { OrderKeySetNumber } from "./machine/enroll.ts";
import { MachineFacts } from "./machine/machine-facts.ts";

/** Largest text frame of a server that an agent accepts, in bytes. An order with the largest allowed request body fits. */
export const MAX_FRAME_BYTES = 2 * 1024 * 1024;
/** Every part of an upload but the last has exactly this size. */
export const PART_BYTES = 8 * 1024 * 1024;
/**
 * Far above what any machine comes to, far below what a number can hold: the server counts on from the highest that a device tells, also from
 * one that lies.
 */
export const MAX_TOLD_ORDER_SEQ = 2 ** 48;

const closed = { additionalProperties: false } as const;
const orderRef = { actionId: ActionId, orderSeq: OrderSeq };
/** A reason that a person reads. Bounded, because it is stored in the action. */
const ErrorText = Type.String({ maxLength: MAX_ERROR_CHARACTERS });
const ErrorTexts = Type.Array(ErrorText, { maxItems: MAX_ERROR_TEXTS });

/** How far one command of a held order is, by the device's journal. What is acknowledged is not reported again. */
export const HeldCommand = Type.Object(
  {
    index: CommandIndex,
    state: Type.Union([
      Type.Literal("waiting"),
      Type.Literal("running"),
      Type.Literal("ended"),
      Type.Literal("acknowledged"),
    ]),
  },
  closed,
);
export const HeldOrder = Type.Object({ ...orderRef, commands: Type.Array(HeldCommand, { maxItems: 1000 }) }, closed);
export type HeldOrder = Static<typeof HeldOrder>;

/**
 * The transcript as the contract's JSON text (`docs/contract/lifecycle.md#results`), stored and
 * handed out byte for byte.
 */
export const InlineResult = Type.Object(
  { kind: Type.Literal("inline"), transcript: Type.String({ maxLength: MAX_INLINE_TRANSCRIPT_BYTES }) },
  closed,
);
/** An upload whose `complete` call was answered with success: from then on the server has it durably. */
export const UploadedResult = Type.Object(
  {
    kind: Type.Literal("uploaded"),
    uploadId: UploadId,
    sizeBytes: SizeBytes,
    sha256: Sha256,
    /** Only of a collected file that changed. Since link version 2. */
    fileChange: Type.Optional(FileChange),
  },
  closed,
);
export const CommandResult = Type.Union([InlineResult, UploadedResult]);
export type CommandResult = Static<typeof CommandResult>;

// Agent to server.

/** First frame after the welcome. Nothing starts on the device before it is answered. */
export const Hello = Type.Object(
  {
    type: Type.Literal("hello"),
    journalId: JournalId,
    /** Highest orderSeq ever accepted under this journal, 0 when none was. */
    highestOrderSeq: Type.Integer({ minimum: 0, maximum: MAX_TOLD_ORDER_SEQ }),
    orders: Type.Array(HeldOrder, { maxItems: MAX_HELD_ORDERS }),
    /** Ids of all order keys that it pins, where there is more than the one that it named in the handshake; that one is the first. */
    orderKeyIds: Type.Optional(Type.Array(Sha256, { minItems: 1, maxItems: 16 })),
    /** Number of the set of order keys that it pins. Required from link version 2 on, absent in version 1. */
    orderKeySet: Type.Optional(OrderKeySetNumber),
    /** Required from link version 2 on, absent in version 1. */
    continuity: Type.Optional(Continuity),
    facts: MachineFacts,
  },
  closed,
);
export type Hello = Static<typeof Hello>;
/**
 * The start of this command is in the device's journal. The first one also says that the order was accepted. Repeated until the command's
 * end is acknowledged. A RunScript's process waits for `startGranted` with the same startId; the other commands wait for nothing.
 */
export const Started = Type.Object(
  { type: Type.Literal("started"), ...orderRef, index: CommandIndex, startId: StartId },
  closed,
);
export type Started = Static<typeof Started>;
/** The command ended and its output is complete. Repeated until acknowledged. `failed` needs at least one error text. */
export const Ended = Type.Object(
  {
    type: Type.Literal("ended"),
    ...orderRef,
    index: CommandIndex,
    outcome: Type.Union([Type.Literal("completed"), Type.Literal("failed")]),
    errors: ErrorTexts,
    result: Type.Union([CommandResult, Type.Null()]),
    /** How long ago it ended on the device, by its monotonic clock; absent where the agent was started anew since. */
    endedAgoMs: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    /** The same as a `SignedEnd`, whose JSON text is `payload`. Required from link version 2 on, absent in version 1. */
    evidence: Type.Optional(
      Type.Object(
        {
          payload: Type.String({ maxLength: MAX_EVIDENCE_CHARACTERS }),
          signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type Ended = Static<typeof Ended>;
/** Answer to `end`: nothing of this order runs on the device any more. `errors` name what could not be killed. */
export const Closed = Type.Object({ type: Type.Literal("closed"), ...orderRef, errors: ErrorTexts }, closed);
export type Closed = Static<typeof Closed>;
/** The device did not take the order and never will under this orderSeq. */
export const Refused = Type.Object(
  {
    type: Type.Literal("refused"),
    ...orderRef,
    code: Type.Union([
      Type.Literal("badSignature"),
      Type.Literal("unknownKey"),
      Type.Literal("wrongMachine"),
      Type.Literal("wrongJournal"),
      Type.Literal("late"),
      Type.Literal("replayed"),
      Type.Literal("malformed"),
      Type.Literal("busy"),
      Type.Literal("diskFull"),
    ]),
    message: ErrorText,
  },
  closed,
);
export type Refused = Static<typeof Refused>;
/**
 * Version 2: the value of the hello's answer is durable in the journal. Sent before anything else that this connection
 * reports; no start is granted on a connection whose value was not confirmed.
 */
export const Kept = Type.Object({ type: Type.Literal("kept"), rollingValue: RollingValue }, closed);
export type Kept = Static<typeof Kept>;
/** Version 2: the answer to `probe`. It proves that this process still ran after the server had sent the nonce. */
export const ProbeAnswer = Type.Object({ type: Type.Literal("probeAnswer"), nonce: ProbeNonce }, closed);
export type ProbeAnswer = Static<typeof ProbeAnswer>;
/** The link's own heartbeat: a WebSocket ping is invisible to a client that uses the platform's WebSocket. */
export const Ping = Type.Object({ type: Type.Literal("ping") }, closed);

export const AgentFrame = Type.Union([Hello, Kept, Started, Ended, Closed, Refused, ProbeAnswer, Ping]);
export type AgentFrame = Static<typeof AgentFrame>;

// Server to agent.

export const Welcome = Type.Object(
  {
    type: Type.Literal("welcome"),
    linkVersion: Type.Integer({ minimum: 1 }),
    /** Grows with every accepted link of this machine. */
    linkEpoch: Type.Integer({ minimum: 1 }),
    /** The only wall clock the device needs: it counts on from here with its monotonic one. */
    serverTimeMs: UnixMs,
    /** Authorization of this link's transfers (`Authorization: Ticket <text>`); dead as soon as a newer link is accepted. */
    ticket: Type.String({ minLength: 1, maxLength: 1024 }),
    /** The agent pings this often; either side gives the link up after three intervals without a frame. */
    pingIntervalMs: Type.Integer({ minimum: 100 }),
  },
  closed,
);
export type Welcome = Static<typeof Welcome>;
/**
 * Version 2: the welcome, signed. `payload` is the JSON text of a `SignedWelcomeContent`; `signature` (base64url) covers
 * `welcomeSigningBytes`, by the key that the device named in its handshake.
 */
export const SignedWelcome = Type.Object(
  {
    type: Type.Literal("signedWelcome"),
    payload: Type.String({ maxLength: 4_096 }),
    signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
  },
  closed,
);
export type SignedWelcome = Static<typeof SignedWelcome>;
/**
 * continue: run on and report again what was not acknowledged.
 * end: end the process tree, then send `closed`.
 * forget: the server has all it wants of it; the device may drop everything but its highest orderSeq.
 */
export const Verdict = Type.Union([Type.Literal("continue"), Type.Literal("end"), Type.Literal("forget")]);
export type Verdict = Static<typeof Verdict>;
export const HelloAnswer = Type.Object(
  {
    type: Type.Literal("helloAnswer"),
    orders: Type.Array(Type.Object({ ...orderRef, verdict: Verdict }, closed), { maxItems: MAX_HELD_ORDERS }),
    /** The value to keep and to present next time. From link version 2 on, absent in version 1. */
    rollingValue: Type.Optional(RollingValue),
  },
  closed,
);
export type HelloAnswer = Static<typeof HelloAnswer>;
/** `payload` is the JSON text of an `Order`; `signature` (base64url) covers `orderSigningBytes(payload)`. */
export const OrderFrame = Type.Object(
  {
    type: Type.Literal("order"),
    payload: Type.String(),
    keyId: Sha256,
    signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
  },
  closed,
);
export type OrderFrame = Static<typeof OrderFrame>;
/**
 * After the answer to a hello, when the device pins other order keys than the server accepts. `payload` is the JSON text of an
 * `OrderKeySet`; `signature` (base64url) covers `orderKeysSigningBytes(payload)`, by the key that the device named in its handshake.
 */
export const OrderKeysFrame = Type.Object(
  {
    type: Type.Literal("orderKeys"),
    payload: Type.String(),
    keyId: Sha256,
    signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
  },
  closed,
);
export type OrderKeysFrame = Static<typeof OrderKeysFrame>;
/**
 * This very start of a RunScript is the one that the server has recorded, durably, so its process may be made. Never said about a
 * second start of the same command, nor about one of an action that has ended.
 */
export const StartGranted = Type.Object(
  { type: Type.Literal("startGranted"), ...orderRef, index: CommandIndex, startId: StartId },
  closed,
);
export type StartGranted = Static<typeof StartGranted>;
/** The action was cancelled or given up: end what runs of it. */
export const End = Type.Object({ type: Type.Literal("end"), ...orderRef }, closed);
/** The end of this command is durable on the server: its bytes may go. */
export const Ack = Type.Object({ type: Type.Literal("ack"), ...orderRef, index: CommandIndex }, closed);
/** Nothing of this order is wanted any more. */
export const Forget = Type.Object({ type: Type.Literal("forget"), ...orderRef }, closed);
/** Version 2: another process came with this machine's key. The agent answers at once with the nonce. */
export const Probe = Type.Object({ type: Type.Literal("probe"), nonce: ProbeNonce }, closed);
export const Pong = Type.Object({ type: Type.Literal("pong"), serverTimeMs: UnixMs }, closed);

export const ServerFrame = Type.Union([
  Welcome,
  SignedWelcome,
  HelloAnswer,
  OrderFrame,
  OrderKeysFrame,
  StartGranted,
  End,
  Ack,
  Forget,
  Probe,
  Pong,
]);
export type ServerFrame = Static<typeof ServerFrame>;

/** How long a device waits at least after `tooOften`. */
export const TOO_OFTEN_WAIT_MS = 10_000;

/** Why the server closes a link; the codes are WebSocket close codes. */
export const LINK_CLOSE = {
  /** The server stops or moves; come back with backoff. */
  goingAway: 1001,
  /** A frame was not one of the list, or came out of turn. */
  protocol: 4400,
  /** The answer to the challenge was wrong, or of an unknown machine. */
  unauthorized: 4401,
  /** A newer link of the same machine was accepted. */
  replaced: 4409,
  /** The machine is in quarantine: two devices use its key, or an operator does not trust it. The words say which. */
  quarantined: 4423,
  /** The machine was retired: nothing of this device is wanted any more. */
  retired: 4410,
  /** The link fell silent, or did not read what was sent. */
  silent: 4408,
  /** The machine connected too often: come back after {@link TOO_OFTEN_WAIT_MS} at least. */
  tooOften: 4429,
} as const;

const agentFrame = Compile(AgentFrame);
const serverFrame = Compile(ServerFrame);

/**
 * Null for anything that is not exactly one frame of the closed list. The cost is linear in the size, with about the factor of an
 * honest report: what is not text is counted before it is parsed.
 */
export function parseAgentFrame(text: string, bounds: FrameBounds = AGENT_FRAME_BOUNDS): AgentFrame | null {
  if (text.length > bounds.maxBytes || jsonBoundsFault(text, bounds) !== null) return null;
  const value = parseJson(text);
  // JSON.parse keeps the last of equal names, so a frame could carry any number of others.
  if (!agentFrame.Check(value) || findJsonFault(text, { acceptsUncleanText: true }) !== null) return null;
  return value;
}

/** Null for anything that is not exactly one frame of the closed list. */
export function parseServerFrame(text: string): ServerFrame | null {
  if (text.length > MAX_FRAME_BYTES) return null;
  const value = parseJson(text);
  return serverFrame.Check(value) ? value : null;
}

/** Escapes from which JSON makes text that is not clean, perhaps. */
const MAY_BE_UNCLEAN = /\\u(?:0000|[dD][89a-fA-F])/;

/**
 * Text that is not clean is repaired here, not refused: what a device has to report it repeats until it is acknowledged, so a refusal
 * would keep the machine off its link for as long as its journal lives.
 */
function parseJson(text: string): unknown {
  try {
    if (!MAY_BE_UNCLEAN.test(text)) return JSON.parse(text);
    return JSON.parse(text, (_key, value: unknown) => (typeof value === "string" ? cleanText(value) : value));
  } catch {
    return undefined;
  }
}
