import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ActionRow } from "../server/sim-database.ts";

const Result = Type.Union([
  Type.Object({ kind: Type.Literal("inline") }),
  Type.Object({ kind: Type.Literal("blob"), resultId: Type.String() }),
  Type.Null(),
]);
const Commands = Compile(
  Type.Array(
    Type.Object({
      type: Type.String(),
      status: Type.String(),
      startId: Type.Union([Type.String(), Type.Null()]),
      errors: Type.Array(Type.String()),
      result: Result,
    }),
  ),
);

/** The commands of an action as stored in the table. */
export function storedCommands(row: Pick<ActionRow, "commands">) {
  const value: unknown = JSON.parse(row.commands);
  if (Commands.Check(value)) return value;
  throw new Error("the table holds commands of another shape");
}
