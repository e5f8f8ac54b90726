import { type Static, Type } from "typebox";
import { ActionId, CommandIndex, JournalId, OrderSeq, Sha256, StartId, UnixMs } from "../ids.ts";
import { Continuity, ProbeNonce, RollingValue } from "../machine/continuity.ts";
import { OrderKeySetNumber } from "../machine/enroll.ts";
import { MachineFacts } from "../machine/machine-facts.ts";
import { CancelledBy } from "../order/order-origin.ts";
import { SignedSecretKey } from "../secrets/secret-env.ts";
import { CommandResult } from "./command-result.ts";
import { MAX_ERROR_CHARACTERS, MAX_ERROR_TEXTS, MAX_EVIDENCE_CHARACTERS, MAX_HELD_ORDERS } from "./frame-bounds.ts";
import { Output, OutputBegin, OutputCredit, OutputEnd, UnwatchOutput, WatchOutput } from "./output-frames.ts";

/**
 * Largest text frame from a server that an agent accepts, in bytes. An order with the largest
 * allowed request body fits.
 */
export const MAX_FRAME_BYTES = 2 * 1024 * 1024;
/** Every part of an upload but the last has exactly this size. */
export const PART_BYTES = 8 * 1024 * 1024;
/**
 * Far above the order number of any machine, and far below the largest exact number. The server
 * continues from the highest number that a device reports, even if the device lies.
 */
export const MAX_REPORTED_ORDER_SEQ = 2 ** 48;

const closed = { additionalProperties: false } as const;
const orderRef = { actionId: ActionId, orderSeq: OrderSeq };
/** A reason that a person reads. Bounded, because it is stored in the action. */
const ErrorText = Type.String({ maxLength: MAX_ERROR_CHARACTERS });
const ErrorTexts = Type.Array(ErrorText, { maxItems: MAX_ERROR_TEXTS });

const Features = Type.Optional(Type.Array(Type.String({ pattern: "^[A-Za-z0-9]{1,32}$" }), { maxItems: 16 }));

/**
 * The state of one command of a held order in the device's journal. An acknowledged end is not
 * reported again.
 */
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

// Agent to server.

/** First frame after the welcome. Nothing starts on the device before it is answered. */
export const Hello = Type.Object(
  {
    type: Type.Literal("hello"),
    journalId: JournalId,
    /** Highest orderSeq that was accepted with this journal; 0 when there was none. */
    highestOrderSeq: Type.Integer({ minimum: 0, maximum: MAX_REPORTED_ORDER_SEQ }),
    orders: Type.Array(HeldOrder, { maxItems: MAX_HELD_ORDERS }),
    /**
     * Ids of all pinned order keys, if there are several. The key that the device named in the
     * handshake is the first.
     */
    orderKeyIds: Type.Optional(Type.Array(Sha256, { minItems: 1, maxItems: 16 })),
    /**
     * Number of the pinned set of order keys. Required from link version 2 on, absent in version 1.
     */
    orderKeySet: Type.Optional(OrderKeySetNumber),
    /** Required from link version 2 on, absent in version 1. */
    continuity: Type.Optional(Continuity),
    /**
     * What this agent can do beyond its link version, such as `liveOutput`. A server ignores names
     * that it does not know.
     */
    features: Features,
    /** Absent when the device takes no secrets, as one of an earlier release. */
    secretKey: Type.Optional(SignedSecretKey),
    facts: MachineFacts,
  },
  closed,
);
export type Hello = Static<typeof Hello>;
/**
 * The start of this command is in the device's journal. The first one also reports that the order
 * was accepted. It is repeated until the command's end is acknowledged. The process of a RunScript
 * waits for `startGranted` with the same startId. The other commands do not wait.
 */
export const Started = Type.Object(
  { type: Type.Literal("started"), ...orderRef, index: CommandIndex, startId: StartId },
  closed,
);
export type Started = Static<typeof Started>;
/**
 * The command ended and its output is complete. Repeated until acknowledged. `failed` needs at
 * least one error text.
 */
export const Ended = Type.Object(
  {
    type: Type.Literal("ended"),
    ...orderRef,
    index: CommandIndex,
    outcome: Type.Union([Type.Literal("completed"), Type.Literal("failed")]),
    errors: ErrorTexts,
    result: Type.Union([CommandResult, Type.Null()]),
    /**
     * How long ago the command ended, on the device's monotonic clock; absent when the agent has
     * restarted since.
     */
    endedAgoMs: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    /**
     * A `SignedEnd` with the same content. `payload` is its JSON text. Required from link version 2
     * on, absent in version 1.
     */
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
/**
 * Reply to `end`: nothing of this order runs on the device any more. `errors` name what could not
 * be killed.
 */
export const Closed = Type.Object({ type: Type.Literal("closed"), ...orderRef, errors: ErrorTexts }, closed);
export type Closed = Static<typeof Closed>;
/** The device did not accept the order and will never accept it with this orderSeq. */
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
      /** A secret is not encrypted to this device's present key, or was changed. */
      Type.Literal("secretUnreadable"),
    ]),
    message: ErrorText,
  },
  closed,
);
export type Refused = Static<typeof Refused>;
/**
 * Version 2: the rolling value of the hello's reply is durable in the journal. The device sends it
 * before any report on this connection. The server grants no start on a connection with an
 * unconfirmed value.
 */
export const Kept = Type.Object({ type: Type.Literal("kept"), rollingValue: RollingValue }, closed);
export type Kept = Static<typeof Kept>;
/**
 * Version 2: the reply to `probe`. It proves that this process was running after the server had
 * sent the nonce.
 */
export const ProbeAnswer = Type.Object({ type: Type.Literal("probeAnswer"), nonce: ProbeNonce }, closed);
export type ProbeAnswer = Static<typeof ProbeAnswer>;
/** The heartbeat of the connection. A program cannot see the pings of the platform's WebSocket. */
export const Ping = Type.Object({ type: Type.Literal("ping") }, closed);

export const AgentFrame = Type.Union([
  Hello,
  Kept,
  Started,
  Ended,
  Closed,
  Refused,
  OutputBegin,
  Output,
  OutputEnd,
  ProbeAnswer,
  Ping,
]);
export type AgentFrame = Static<typeof AgentFrame>;

// Server to agent.

export const Welcome = Type.Object(
  {
    type: Type.Literal("welcome"),
    linkVersion: Type.Integer({ minimum: 1 }),
    /** Grows with every accepted connection of this machine. */
    linkEpoch: Type.Integer({ minimum: 1 }),
    /**
     * The only wall clock that the device needs. The device adds the time that passes on its
     * monotonic clock.
     */
    serverTimeMs: UnixMs,
    /**
     * Authorizes the transfers of this connection (`Authorization: Ticket <text>`). It becomes
     * invalid when a newer connection is accepted.
     */
    ticket: Type.String({ minLength: 1, maxLength: 1024 }),
    /**
     * Interval of the agent's pings. Either side closes the connection after three intervals
     * without a frame.
     */
    pingIntervalMs: Type.Integer({ minimum: 100 }),
  },
  closed,
);
export type Welcome = Static<typeof Welcome>;
/**
 * Version 2: the welcome, signed. `payload` is the JSON text of a `SignedWelcomeContent`;
 * `signature` (base64url) covers `welcomeSigningBytes`, by the key that the device named in its
 * handshake.
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
 * forget: the server has all it wants of it; the device may drop everything but its highest
 * orderSeq.
 */
export const Verdict = Type.Union([Type.Literal("continue"), Type.Literal("end"), Type.Literal("forget")]);
export type Verdict = Static<typeof Verdict>;
/** Who cancelled it: only with the verdict `end`, and the feature `orderOrigin`. */
const JudgedOrder = Type.Object({ ...orderRef, verdict: Verdict, cancelledBy: Type.Optional(CancelledBy) }, closed);
export const HelloAnswer = Type.Object(
  {
    type: Type.Literal("helloAnswer"),
    orders: Type.Array(JudgedOrder, { maxItems: MAX_HELD_ORDERS }),
    /**
     * The value that the device stores and presents next time. From link version 2 on, absent in
     * version 1.
     */
    rollingValue: Type.Optional(RollingValue),
    /** Those of the hello that the server knows and that change what the agent sends. */
    features: Features,
  },
  closed,
);
export type HelloAnswer = Static<typeof HelloAnswer>;
/**
 * `payload` is the JSON text of an `Order`; `signature` (base64url) covers
 * `orderSigningBytes(payload)`.
 */
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
 * Sent after the reply to a hello, when the device pins other order keys than the server accepts.
 * `payload` is the JSON text of an `OrderKeySet`. `signature` (base64url) covers
 * `orderKeysSigningBytes(payload)`, by the key that the device named in its handshake.
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
 * The server has recorded this start of a RunScript or is about to, so its process may be created.
 * The server never grants a second start of the same command, and no start of an action that has
 * ended.
 */
export const StartGranted = Type.Object(
  { type: Type.Literal("startGranted"), ...orderRef, index: CommandIndex, startId: StartId },
  closed,
);
export type StartGranted = Static<typeof StartGranted>;
/** The action was cancelled or given up. The device ends what runs of it. */
export const End = Type.Object(
  { type: Type.Literal("end"), ...orderRef, cancelledBy: Type.Optional(CancelledBy) },
  closed,
);
/** The end of this command is durable on the server. The device may delete its output. */
export const Ack = Type.Object({ type: Type.Literal("ack"), ...orderRef, index: CommandIndex }, closed);
/** The server wants nothing of this order any more. */
export const Forget = Type.Object({ type: Type.Literal("forget"), ...orderRef }, closed);
/**
 * Version 2: another process connected with this machine's key. The agent replies at once with the
 * nonce.
 */
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
  WatchOutput,
  OutputCredit,
  UnwatchOutput,
  Probe,
  Pong,
]);
export type ServerFrame = Static<typeof ServerFrame>;
