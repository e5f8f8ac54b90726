import { type Static, Type } from "typebox";
import { ActionId, CommandIndex, JournalId, MachineId, OrderSeq, Sha256, SizeBytes, UnixMs } from "./ids.ts";

/** The bytes that a command uses, as they were pinned when the action was accepted or claimed. */
export const OrderFile = Type.Object({ sha256: Sha256, sizeBytes: SizeBytes }, { additionalProperties: false });
export type OrderFile = Static<typeof OrderFile>;

/** `file` is null when the library has no file of that name: the command fails with that reason when its turn comes. */
export const OrderCommand = Type.Union([
  Type.Object(
    {
      index: CommandIndex,
      type: Type.Literal("PutFile"),
      fileName: Type.String(),
      file: Type.Union([OrderFile, Type.Null()]),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      index: CommandIndex,
      type: Type.Literal("RunScript"),
      scriptName: Type.String(),
      /** One opaque string, as the contract's clients send it; null when they sent none. */
      args: Type.Union([Type.String(), Type.Null()]),
      file: Type.Union([OrderFile, Type.Null()]),
      /**
       * True: processes that the script leaves running when it ends are not ended. Absent otherwise, because older agents
       * refuse an order that has it.
       */
      keepProcesses: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { index: CommandIndex, type: Type.Literal("GetFile"), path: Type.String() },
    { additionalProperties: false },
  ),
]);
export type OrderCommand = Static<typeof OrderCommand>;

export const OrderLimits = Type.Object(
  {
    /** Longest run of one script on the device's monotonic clock; then its process tree is killed. Default 600_000. */
    scriptTimeoutMs: Type.Integer({ minimum: 1 }),
    /** Longest GetFile or PutFile. Default 1_800_000. */
    transferTimeoutMs: Type.Integer({ minimum: 1 }),
    /** Longest stretch of a transfer in which no byte moves. Default 120_000. */
    stallTimeoutMs: Type.Integer({ minimum: 1 }),
    /** How much of stdout, and of stderr, is kept, each. Default 10_485_760. */
    outputLimitBytes: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type OrderLimits = Static<typeof OrderLimits>;

/**
 * Everything that matters about one machine action, signed as a whole. The text that was signed travels as it is
 * (`OrderFrame.payload`): the agent verifies the text first and parses it afterwards, so no canonical form is needed.
 */
export const Order = Type.Object(
  {
    v: Type.Literal(1),
    machineId: MachineId,
    actionId: ActionId,
    orderSeq: OrderSeq,
    /** The journal this order was made for: a wiped or cloned device refuses it. */
    journalId: JournalId,
    /** Server's clock. Bounds acceptance only, never running time. */
    acceptByMs: UnixMs,
    limits: OrderLimits,
    commands: Type.Array(OrderCommand, { minItems: 1, maxItems: 1000 }),
  },
  { additionalProperties: false },
);
export type Order = Static<typeof Order>;

const SIGNING_PREFIX = "halligan-order-v1\n";

/** The bytes that the order key signs for an order whose JSON text is `payload`. */
export function orderSigningBytes(payload: string): Uint8Array {
  return new TextEncoder().encode(SIGNING_PREFIX + payload);
}
