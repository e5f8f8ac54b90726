/**
 * The journal as data: the record types, and the function that folds records into state. Pure.
 *
 * A command is `waiting`, then `running` from its `started` record, then `ended`. A running script
 * has `scriptEnd` when its process has exited and its transcript is not delivered yet. After a
 * restart, the agent only delivers that transcript and never runs the script again.
 *
 * An order is held from its `accepted` record until its `forgotten` record. Each state of a held
 * order has one word in the code. The records and frames keep their names, because journals and
 * servers of other versions contain them.
 *
 * | word          | meaning                                                  | record    | frame  |
 * | ------------- | -------------------------------------------------------- | --------- | ------ |
 * | has work      | a command runs, another may start, or `closed` is due    |           |        |
 * | end requested | the server has ended the order: no command starts        | ending    | end    |
 * | closed        | after that request, nothing of the order runs any more   | closed    | closed |
 * | acknowledged  | the server has every end and waits for no other report   | acked     | ack    |
 * | discarded     | the server wants no report: the running command is ended |           | forget |
 * | removed       | the journal no longer holds the order, its files go too  | forgotten | forget |
 *
 * An order that has no requested end is removed with its last `ack`. `highestOrderSeq` outlives
 * every order.
 */
import {
  CommandResult,
  type HeldOrder,
  JournalId,
  Order,
  OrderSeq,
  RollingValue,
  StartId,
} from "@halligan/protocol/link";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

const closed = { additionalProperties: false } as const;
const command = { orderSeq: OrderSeq, index: Type.Integer({ minimum: 0 }) };
const Errors = Type.Array(Type.String());
const Outcome = Type.Union([Type.Literal("completed"), Type.Literal("failed")]);

export const JournalRecord = Type.Union([
  /** The first record of every journal. */
  Type.Object({ type: Type.Literal("journal"), version: Type.Literal(1), journalId: JournalId }, closed),
  /** The highest orderSeq at the time of the compaction. */
  Type.Object({ type: Type.Literal("highest"), orderSeq: Type.Integer({ minimum: 0 }) }, closed),
  /** The value that the next hello presents. Each record replaces the previous one. */
  Type.Object({ type: Type.Literal("rollingValue"), value: RollingValue }, closed),
  Type.Object({ type: Type.Literal("accepted"), order: Order }, closed),
  Type.Object({ type: Type.Literal("started"), ...command, startId: StartId }, closed),
  Type.Object(
    {
      type: Type.Literal("process"),
      ...command,
      pid: Type.Integer({ minimum: 1 }),
      startTime: Type.String(),
      bootId: Type.String(),
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal("scriptEnded"),
      ...command,
      outcome: Outcome,
      errors: Errors,
      exitCode: Type.Integer(),
      ran: Type.Boolean(),
    },
    closed,
  ),
  Type.Object(
    {
      type: Type.Literal("ended"),
      ...command,
      outcome: Outcome,
      errors: Errors,
      result: Type.Union([CommandResult, Type.Null()]),
      /** The exit code of a script that ran. Absent in journals of the previous version. */
      exitCode: Type.Optional(Type.Integer()),
    },
    closed,
  ),
  Type.Object({ type: Type.Literal("acked"), ...command }, closed),
  Type.Object({ type: Type.Literal("ending"), orderSeq: OrderSeq }, closed),
  Type.Object({ type: Type.Literal("closed"), orderSeq: OrderSeq, errors: Errors }, closed),
  Type.Object({ type: Type.Literal("forgotten"), orderSeq: OrderSeq }, closed),
]);
export type JournalRecord = Static<typeof JournalRecord>;
type RecordOf<T extends JournalRecord["type"]> = Extract<JournalRecord, { type: T }>;

const records = Compile(Type.Array(JournalRecord));
/** Returns null when `value` is not a list of records. */
export function asRecords(value: unknown): JournalRecord[] | null {
  return records.Check(value) ? value : null;
}

export interface CommandState {
  state: "waiting" | "running" | "ended";
  /** The id of the only start; null while the command waits. */
  startId: string | null;
  process: RecordOf<"process"> | null;
  scriptEnd: RecordOf<"scriptEnded"> | null;
  end: RecordOf<"ended"> | null;
  isAcknowledged: boolean;
}

export interface OrderState {
  order: Order;
  commands: readonly CommandState[];
  isEndRequested: boolean;
  closed: RecordOf<"closed"> | null;
}

export interface JournalState {
  journalId: string;
  highestOrderSeq: number;
  /** The value that the server assigned on an earlier connection; null before the first one. */
  rollingValue: string | null;
  orders: ReadonlyMap<number, OrderState>;
}

const WAITING: CommandState = {
  state: "waiting",
  startId: null,
  process: null,
  scriptEnd: null,
  end: null,
  isAcknowledged: false,
};

/** A record that does not follow from the state: the journal is not one that this agent wrote. */
export class JournalContradictionError extends Error {
  override name = "JournalContradictionError";
}

export function fold(state: JournalState | null, record: JournalRecord): JournalState {
  if (record.type === "journal") {
    if (state) throw new JournalContradictionError("a second beginning");
    return { journalId: record.journalId, highestOrderSeq: 0, rollingValue: null, orders: new Map() };
  }
  if (!state) throw new JournalContradictionError("no beginning");
  switch (record.type) {
    case "highest":
      return { ...state, highestOrderSeq: Math.max(state.highestOrderSeq, record.orderSeq) };
    case "rollingValue":
      return { ...state, rollingValue: record.value };
    case "accepted": {
      const { order } = record;
      if (state.orders.has(order.orderSeq)) throw new JournalContradictionError("an order accepted twice");
      return {
        ...withOrder(state, {
          order,
          commands: order.commands.map(() => WAITING),
          isEndRequested: false,
          closed: null,
        }),
        highestOrderSeq: Math.max(state.highestOrderSeq, order.orderSeq),
      };
    }
    case "started":
      return withCommand(state, record, ({ startId }) => {
        if (startId !== null) throw new JournalContradictionError("a command started twice");
        return { state: "running", startId: record.startId };
      });
    case "process":
      return withCommand(state, record, () => ({ process: record }));
    case "scriptEnded":
      return withCommand(state, record, () => ({ scriptEnd: record }));
    case "ended":
      return withCommand(state, record, () => ({ state: "ended", end: record }));
    case "acked":
      return withCommand(state, record, () => ({ isAcknowledged: true }));
    case "ending":
      return withOrder(state, { ...orderOf(state, record.orderSeq), isEndRequested: true });
    case "closed":
      return withOrder(state, { ...orderOf(state, record.orderSeq), closed: record });
    case "forgotten": {
      const orders = new Map(state.orders);
      orders.delete(record.orderSeq);
      return { ...state, orders };
    }
  }
}

/** Returns the shortest list of records that folds to this state. */
export function snapshot(state: JournalState): JournalRecord[] {
  const list: JournalRecord[] = [
    { type: "journal", version: 1, journalId: state.journalId },
    { type: "highest", orderSeq: state.highestOrderSeq },
  ];
  if (state.rollingValue !== null) list.push({ type: "rollingValue", value: state.rollingValue });
  for (const held of state.orders.values()) {
    const { orderSeq } = held.order;
    list.push({ type: "accepted", order: held.order });
    held.commands.forEach((of, index) => {
      if (of.startId !== null) list.push({ type: "started", orderSeq, index, startId: of.startId });
      if (of.process) list.push(of.process);
      if (of.scriptEnd) list.push(of.scriptEnd);
      if (of.end) list.push(of.end);
      if (of.isAcknowledged) list.push({ type: "acked", orderSeq, index });
    });
    if (held.isEndRequested) list.push({ type: "ending", orderSeq });
    if (held.closed) list.push(held.closed);
  }
  return list;
}

function orderOf(state: JournalState, orderSeq: number): OrderState {
  const held = state.orders.get(orderSeq);
  if (!held) throw new JournalContradictionError("a record of an order that is not held");
  return held;
}

function withOrder(state: JournalState, held: OrderState): JournalState {
  return { ...state, orders: new Map(state.orders).set(held.order.orderSeq, held) };
}

function withCommand(
  state: JournalState,
  at: { orderSeq: number; index: number },
  change: (before: CommandState) => Partial<CommandState>,
): JournalState {
  const held = orderOf(state, at.orderSeq);
  const before = held.commands[at.index];
  if (!before) throw new JournalContradictionError("a record of a command that its order does not have");
  return withOrder(state, { ...held, commands: held.commands.with(at.index, { ...before, ...change(before) }) });
}

/** Index of the next command to work on, or null when the order has nothing left to do. */
export function nextCommand(held: OrderState): number | null {
  for (const [index, of] of held.commands.entries()) {
    if (of.state === "ended") {
      if (of.end?.outcome === "failed") return null;
      continue;
    }
    // An order that the server has ended starts no further command. A running command must still be
    // ended.
    return held.isEndRequested && of.state === "waiting" ? null : index;
  }
  return null;
}

/** While an order has work, the agent accepts no other order. */
export function hasWork(held: OrderState): boolean {
  return nextCommand(held) !== null || (held.isEndRequested && !held.closed);
}

/**
 * True when the server waits for no further report. An order whose end is requested waits for
 * `forget`.
 */
export function isAcknowledged(held: OrderState): boolean {
  return (
    !held.isEndRequested && !hasWork(held) && held.commands.every((of) => of.state === "waiting" || of.isAcknowledged)
  );
}

/**
 * Returns the records for an acknowledged end. The list is empty when the acknowledgement is a
 * repetition. If nothing else is owed, the same write also closes the order.
 */
export function acknowledgement(
  state: JournalState,
  { actionId, orderSeq, index }: { actionId: string; orderSeq: number; index: number },
): JournalRecord[] {
  const held = state.orders.get(orderSeq);
  const of = held?.commands[index];
  if (held?.order.actionId !== actionId || !of?.end || of.isAcknowledged) return [];
  const acked: JournalRecord = { type: "acked", orderSeq, index };
  const after = fold(state, acked).orders.get(orderSeq);
  return after && isAcknowledged(after) ? [acked, { type: "forgotten", orderSeq }] : [acked];
}

/** The order as the hello describes it. */
export function heldOrder(held: OrderState): HeldOrder {
  return {
    actionId: held.order.actionId,
    orderSeq: held.order.orderSeq,
    commands: held.commands.map((of, index) => ({ index, state: of.isAcknowledged ? "acknowledged" : of.state })),
  };
}
