import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { Store } from "../../store/store.ts";

const META_KEY = "order-key-set";
const Numbered = Type.Object({ number: Type.Integer(), of: Type.String() });

/**
 * The number of the key set `of`. The same keys have the same number on each node, and each change
 * gets a higher one. The number is at least `least`, and a new one at least `floor`.
 */
export function orderKeyNumber(
  store: Store,
  { of, least, floor }: { of: string; least: number; floor: number },
): Promise<number> {
  return store.write(async (tx) => {
    const text = await tx.meta.get(META_KEY);
    const known = text === undefined ? null : Value.Parse(Numbered, JSON.parse(text));
    if (known?.of === of && known.number >= least) return known.number;
    const number = known?.of === of ? least : Math.max((known?.number ?? 0) + 1, floor, least);
    await tx.meta.set(META_KEY, JSON.stringify({ number, of } satisfies Static<typeof Numbered>));
    return number;
  });
}
