import { type Executor, statement } from "../statement.ts";

/**
 * Key of the client id of the first administrator, the application with every permission that the
 * server created itself.
 */
export const ADMINISTRATOR = "first-administrator";

export type Meta = ReturnType<typeof meta>;

/** Values of the deployment that every node must agree on. */
export function meta(executor: Executor) {
  return {
    /** The stored value. If there is none yet, stores the result of `make`. */
    async getOrSet(key: string, make: () => string): Promise<string> {
      await executor.all(insertIfMissing, { key, value: make() });
      const [row] = await executor.all(select, { key });
      if (!row) throw new Error(`meta ${key} could neither be read nor set`);
      return row.value;
    },
    async get(key: string): Promise<string | undefined> {
      const [row] = await executor.all(select, { key });
      return row?.value;
    },
    async set(key: string, value: string): Promise<void> {
      await executor.all(upsert, { key, value });
    },
  };
}

const insertIfMissing = statement<{ key: string; value: string }>()((db, p) =>
  db
    .insertInto("meta")
    .values({ key: p.key, value: p.value })
    .onConflict((conflict) => conflict.doNothing()),
);

const upsert = statement<{ key: string; value: string }>()((db, p) =>
  db
    .insertInto("meta")
    .values({ key: p.key, value: p.value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet((eb) => ({ value: eb.ref("excluded.value") }))),
);

const select = statement<{ key: string }>()((db, p) => db.selectFrom("meta").select("value").where("key", "=", p.key));
