import { ActionOptions, type MachineActionStatus, MachineActionStatusWire } from "@halligan/protocol/api";
import { FileChange, OrderArchive, OutputCounts } from "@halligan/protocol/link";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Command, ListedCommand } from "../../domain/actions/command.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import { NO_OPTIONS, storedOptions } from "../../domain/actions/options/action-options.ts";

/**
 * Schemas of the JSON in an action's row. A row that does not match was not written by this server.
 */

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const StoredStatus = Compile(MachineActionStatusWire);
const StoredCancellation = Compile(
  Type.Object({ requestor: Type.String(), comment: Type.String(), atMs: Type.Integer() }),
);
const StoredOptions = Compile(ActionOptions);
const StoredSecrets = Compile(
  Type.Object({
    key: Type.String(),
    values: Type.Array(Type.Object({ name: Type.String(), sealed: nullable(Type.String()) })),
  }),
);
const size = { sizeBytes: Type.Integer(), sha256: Type.String() };
const ofResult = { ...size, output: Type.Optional(OutputCounts) };
const listed = {
  type: Type.Union([Type.Literal("PutFile"), Type.Literal("RunScript"), Type.Literal("GetFile")]),
  params: Type.Array(Type.Object({ key: Type.String(), value: Type.String() })),
  status: Type.Union([
    Type.Literal("Created"),
    Type.Literal("Executing"),
    Type.Literal("Completed"),
    Type.Literal("Failed"),
  ]),
  startedAtMs: nullable(Type.Integer()),
  endedAtMs: nullable(Type.Integer()),
  errors: Type.Array(Type.String()),
};
const ListedCommands = Compile(Type.Array(Type.Object(listed)));
const StoredCommands = Compile(
  Type.Array(
    Type.Object({
      ...listed,
      startId: nullable(Type.String()),
      // Missing in rows that the first release wrote.
      finishedAtMs: Type.Optional(nullable(Type.Integer())),
      result: Type.Union([
        Type.Object({ kind: Type.Literal("expired"), ...ofResult, fileChange: Type.Optional(FileChange) }),
        Type.Object({ kind: Type.Literal("inline"), ...ofResult }),
        Type.Object({
          kind: Type.Literal("blob"),
          resultId: Type.String(),
          ...ofResult,
          fileChange: Type.Optional(FileChange),
        }),
        Type.Null(),
      ]),
      pin: nullable(Type.Object({ ...size, contentId: Type.Optional(Type.String()) })),
      archive: Type.Optional(OrderArchive),
      // Present only while a result waits or waited for space, until the command ends.
      refusal: Type.Optional(
        Type.Object({
          code: Type.Union([Type.Literal("InsufficientStorage"), Type.Literal("ResultQuotaExceeded")]),
          sinceMs: Type.Integer(),
          untilMs: nullable(Type.Integer()),
        }),
      ),
    }),
  ),
);

export function parseStatus(text: string): MachineActionStatus {
  if (StoredStatus.Check(text)) return text;
  throw new Error(`the stored action has the unknown status ${JSON.stringify(text)}`);
}

export function parseCancellation(json: string): NonNullable<MachineAction["cancellation"]> {
  const value: unknown = JSON.parse(json);
  if (StoredCancellation.Check(value)) return value;
  throw new Error("the stored cancellation does not match its schema");
}

export function parseCommands(json: string): readonly Command[] {
  const value: unknown = JSON.parse(json);
  if (StoredCommands.Check(value))
    return value.map((command) => ({ ...command, finishedAtMs: command.finishedAtMs ?? null }));
  throw new Error("the stored commands do not match their schema");
}

/** Null in rows without options, and in rows that are older than this column. */
export function parseOptions(json: string | null): MachineAction["options"] {
  if (json === null) return NO_OPTIONS;
  const value: unknown = JSON.parse(json);
  if (StoredOptions.Check(value)) return storedOptions(value);
  throw new Error("the stored options of an action do not match their schema");
}

export function parseSecrets(json: string): NonNullable<MachineAction["secrets"]> {
  const value: unknown = JSON.parse(json);
  if (StoredSecrets.Check(value)) return value;
  throw new Error("the stored secrets of an action do not match their schema");
}

/**
 * Only the fields that a list shows, because up to a thousand actions are read and checked at once.
 */
export function parseListedCommands(json: string): readonly ListedCommand[] {
  const value: unknown = JSON.parse(json);
  if (ListedCommands.Check(value)) return value;
  throw new Error("the stored commands do not match their schema");
}
