/** One line of the owner's log as it is read. A later release may know more members and events. */
import { CancelledBy, OrderOrigin } from "@halligan/protocol/link";
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";

const OrNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const OptionalText = Type.Optional(Type.String());

const LogRecord = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  at: Type.String(),
  event: Type.String(),
  actionId: OptionalText,
  orderSeq: Type.Optional(Type.Integer()),
  origin: Type.Optional(OrNull(OrderOrigin)),
  commands: Type.Optional(
    Type.Array(
      Type.Object({
        index: Type.Integer(),
        type: Type.String(),
        target: Type.String(),
        args: OptionalText,
        sha256: Type.Optional(OrNull(Type.String())),
        archive: OptionalText,
        keepProcesses: Type.Optional(Type.Boolean()),
        runAs: OptionalText,
      }),
    ),
  ),
  secretNames: Type.Optional(Type.Array(Type.String())),
  index: Type.Optional(Type.Integer()),
  type: OptionalText,
  outcome: OptionalText,
  exitCode: Type.Optional(OrNull(Type.Integer())),
  sha256: Type.Optional(OrNull(Type.String())),
  sizeBytes: Type.Optional(OrNull(Type.Integer())),
  by: Type.Optional(OrNull(CancelledBy)),
  reason: OptionalText,
  server: OptionalText,
  machineId: OptionalText,
  keyIds: Type.Optional(Type.Array(Type.String())),
  count: Type.Optional(Type.Integer()),
});
export type LogRecord = Static<typeof LogRecord>;

const record = Compile(LogRecord);

/** Null for a line that a power cut has damaged, or that the agent did not write. */
export function parseLogLine(line: string): LogRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    return record.Check(value) ? value : null;
  } catch {
    return null;
  }
}
