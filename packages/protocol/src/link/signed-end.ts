/** Link version 2: what a device signs about the end of a command (docs/decisions/0021-signed-link.md). */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { FileChange } from "./file-change.ts";
import { ActionId, CommandIndex, MachineId, OrderSeq, Sha256, SizeBytes, StartId } from "./ids.ts";

const closed = { additionalProperties: false } as const;
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

export const SignedEnd = Type.Object(
  {
    v: Type.Literal(1),
    machineId: MachineId,
    actionId: ActionId,
    orderSeq: OrderSeq,
    index: CommandIndex,
    /** Of the one start; null for a command that ended before it started. */
    startId: orNull(StartId),
    outcome: Type.Union([Type.Literal("completed"), Type.Literal("failed")]),
    errors: Type.Array(Type.String()),
    /** Of a script that ran; null otherwise, and where an earlier version of the agent wrote the end. */
    exitCode: orNull(Type.Integer()),
    /** The SHA-256 is of the bytes that a download gives. */
    result: orNull(
      Type.Object(
        {
          kind: Type.Union([Type.Literal("inline"), Type.Literal("uploaded")]),
          sizeBytes: SizeBytes,
          sha256: Sha256,
          fileChange: Type.Optional(FileChange),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type SignedEnd = Static<typeof SignedEnd>;

const signedEnd = Compile(SignedEnd);

/** Null when it is not one. */
export function parseSignedEnd(payload: string): SignedEnd | null {
  try {
    const value: unknown = JSON.parse(payload);
    return signedEnd.Check(value) ? value : null;
  } catch {
    return null;
  }
}

const SIGNING_PREFIX = "halligan-end-v1\n";

/** The bytes that the device's key signs for an end whose JSON text is `payload`. */
export function endSigningBytes(payload: string): Uint8Array {
  return new TextEncoder().encode(SIGNING_PREFIX + payload);
}
