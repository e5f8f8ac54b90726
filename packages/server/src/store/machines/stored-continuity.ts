import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { type KnownContinuity, NO_CONTINUITY } from "../../domain/machines/clone-detection.ts";

const Value = Type.Union([Type.Object({ number: Type.Integer(), text: Type.String() }), Type.Null()]);
const Stored = Compile(
  Type.Object({
    held: Value,
    offered: Value,
    lowestNumber: Type.Integer(),
    processId: Type.Union([Type.String(), Type.Null()]),
    earlierProcessIds: Type.Array(Type.String()),
  }),
);

/** Null when nothing is known, as in rows of a release before this column. */
export const continuityText = (known: KnownContinuity): string | null =>
  known === NO_CONTINUITY ? null : JSON.stringify(known);

export function parseContinuity(json: string | null): KnownContinuity {
  if (json === null) return NO_CONTINUITY;
  const value: unknown = JSON.parse(json);
  if (Stored.Check(value)) return value;
  throw new Error("the stored continuity of a machine does not match its schema");
}
