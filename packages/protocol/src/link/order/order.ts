import { type Static, Type } from "typebox";
import { ActionId, CommandIndex, JournalId, MachineId, OrderSeq, Sha256, SizeBytes, UnixMs } from "../ids.ts";
import { SecretEnv } from "../secrets/secret-env.ts";
import { OrderOrigin } from "./order-origin.ts";
import { DeviceUser } from "./run-as.ts";

/** The content that a command uses. It was pinned when the action was accepted or claimed. */
export const OrderFile = Type.Object({ sha256: Sha256, sizeBytes: SizeBytes }, { additionalProperties: false });
export type OrderFile = Static<typeof OrderFile>;

/** The files of a folder, or the files that a pattern matches, as one `.tar.gz`. */
export const OrderArchive = Type.Object(
  {
    kind: Type.Union([Type.Literal("folder"), Type.Literal("pattern")]),
    /** Most entries: files, folders, links, and what could not be read. */
    maxFiles: Type.Integer({ minimum: 1 }),
    /** Most bytes of content, before compression. */
    maxBytes: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
);
export type OrderArchive = Static<typeof OrderArchive>;

/**
 * `file` is null when the library has no file of that name. The command then fails with that reason
 * when its turn comes.
 */
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
       * True when processes of the script may continue after its end. Otherwise absent, because
       * older agents refuse an order with this member.
       */
      keepProcesses: Type.Optional(Type.Boolean()),
      /**
       * The user of the device as whom the script runs. Absent when it runs as the agent does. An
       * agent that does not know this member refuses the order, so it never runs the script.
       */
      runAs: Type.Optional(DeviceUser),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      index: CommandIndex,
      type: Type.Literal("GetFile"),
      /** With `pathBase64` only for messages. */
      path: Type.String(),
      /**
       * The bytes of a path that is not UTF-8. This and `archive` are otherwise absent, because
       * older agents refuse an order with these members.
       */
      pathBase64: Type.Optional(Type.String({ minLength: 1 })),
      archive: Type.Optional(OrderArchive),
    },
    { additionalProperties: false },
  ),
]);
export type OrderCommand = Static<typeof OrderCommand>;

export const OrderLimits = Type.Object(
  {
    /**
     * Longest run of one script on the device's monotonic clock. After it, the process tree is
     * killed. Default 600_000.
     */
    scriptTimeoutMs: Type.Integer({ minimum: 1 }),
    /** Longest duration of a GetFile or PutFile. Default 1_800_000. */
    transferTimeoutMs: Type.Integer({ minimum: 1 }),
    /** Longest time of a transfer without progress. Default 120_000. */
    stallTimeoutMs: Type.Integer({ minimum: 1 }),
    /** Limit for the stored output, separately for stdout and stderr. Default 10_485_760. */
    outputLimitBytes: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
);
export type OrderLimits = Static<typeof OrderLimits>;

/**
 * The complete description of one machine action for the device, signed as a whole. The signed text
 * is transmitted byte for byte (`OrderFrame.payload`). The agent verifies the text before it parses
 * it, so no canonical form is needed.
 */
export const Order = Type.Object(
  {
    v: Type.Literal(1),
    machineId: MachineId,
    actionId: ActionId,
    orderSeq: OrderSeq,
    /** The journal for which this order was made. A wiped or cloned device refuses it. */
    journalId: JournalId,
    /** Latest acceptance, by the server's clock. It does not limit the running time. */
    acceptByMs: UnixMs,
    limits: OrderLimits,
    commands: Type.Array(OrderCommand, { minItems: 1, maxItems: 1000 }),
    /**
     * Variables of every script, encrypted to the device. Otherwise absent, because older agents
     * refuse an order with this member.
     */
    secretEnv: Type.Optional(SecretEnv),
    /** Absent for agents without the feature `orderOrigin`, which refuse an order with it. */
    origin: Type.Optional(OrderOrigin),
  },
  { additionalProperties: false },
);
export type Order = Static<typeof Order>;

const SIGNING_PREFIX = "halligan-order-v1\n";

/** The bytes that the order key signs for an order with the JSON text `payload`. */
export function orderSigningBytes(payload: string): Uint8Array {
  return new TextEncoder().encode(SIGNING_PREFIX + payload);
}
