/**
 * Link version 2: what a device signs about the end of a command
 * (docs/decisions/0021-signed-link.md).
 */
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
    /** The id of the only start; null for a command that ended before it started. */
    startId: orNull(StartId),
    outcome: Type.Union([Type.Literal("completed"), Type.Literal("failed")]),
    errors: Type.Array(Type.String()),
    /**
     * The exit code of a script that ran; null otherwise, and for an end from an earlier version of
     * the agent.
     */
    exitCode: orNull(Type.Integer()),
    /** The SHA-256 is that of the bytes that a download returns. */
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

/** Null when `payload` is not a signed end. */
export function parseSignedEnd(payload: string): SignedEnd | null {
  try {
    const value: unknown = JSON.parse(payload);
    return signedEnd.Check(value) ? value : null;
  } catch {
    return null;
  }
}

const SIGNING_PREFIX = "halligan-end-v1\n";

/** The bytes that the device's key signs for an end with the JSON text `payload`. */
export function endSigningBytes(payload: string): Uint8Array {
  return new TextEncoder().encode(SIGNING_PREFIX + payload);
}
