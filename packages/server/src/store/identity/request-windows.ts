import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { type Executor, statement } from "../statement.ts";

export type RequestWindows = ReturnType<typeof requestWindows>;

/** When limited requests were admitted, for nodes that count together. */
export interface RequestWindow {
  key: string;
  admittedMs: readonly number[];
  /** 0 when there is no window yet. */
  version: number;
}

export function requestWindows(executor: Executor) {
  return {
    /**
     * Inside a write, no other transaction can count on this key until this one ends. Transactions
     * that create a key race, and all but one are repeated.
     */
    async byKey(key: string): Promise<RequestWindow> {
      const [row] = await executor.all(executor.hasOtherWriters ? selectToChange : select, { key });
      return row
        ? { key, admittedMs: parseTimes(row.admitted), version: row.version }
        : { key, admittedMs: [], version: 0 };
    },
    /** Compare and set. `version`: the one that was loaded. `untilMs`: when the window expires. */
    async save({ key, admittedMs, version }: RequestWindow, untilMs: number): Promise<void> {
      const values = { key, admitted: JSON.stringify(admittedMs), until_ms: untilMs, version: version + 1 };
      await executor.compareAndSet(version === 0 ? insert : update, { ...values, expected_version: version });
    },
    async removeBefore(nowMs: number): Promise<void> {
      await executor.all(removeOld, { now_ms: nowMs });
    },
  };
}

interface Values extends Record<string, string | number> {
  key: string;
  admitted: string;
  until_ms: number;
  version: number;
  expected_version: number;
}

const select = statement<{ key: string }>()((db, p) =>
  db.selectFrom("request_window").select(["admitted", "version"]).where("key", "=", p.key),
);

// With compare and set alone, a caller that sends 60 requests at once over three nodes loses twelve
// races in a row and gets a 500.
const selectToChange = statement<{ key: string }>()((db, p) =>
  db.selectFrom("request_window").select(["admitted", "version"]).where("key", "=", p.key).forUpdate(),
);

const insert = statement<Values>()((db, p) =>
  db
    .insertInto("request_window")
    .values({ key: p.key, admitted: p.admitted, until_ms: p.until_ms, version: p.version })
    .onConflict((conflict) => conflict.doNothing()),
);

const update = statement<Values>()((db, p) =>
  db
    .updateTable("request_window")
    .set({ admitted: p.admitted, until_ms: p.until_ms, version: p.version })
    .where("key", "=", p.key)
    .where("version", "=", p.expected_version),
);

const removeOld = statement<{ now_ms: number }>()((db, p) =>
  db.deleteFrom("request_window").where("until_ms", "<", p.now_ms),
);

const StoredTimes = Compile(Type.Array(Type.Number()));

function parseTimes(json: string): number[] {
  const value: unknown = JSON.parse(json);
  if (StoredTimes.Check(value)) return value;
  throw new Error("the stored request window does not match its schema");
}
