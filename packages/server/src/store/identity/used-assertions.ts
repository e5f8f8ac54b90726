import { type Executor, statement } from "../statement.ts";

export type UsedAssertions = ReturnType<typeof usedAssertions>;

/** Ids of client assertions (`jti`) that were used, kept until the assertions expire. */
export function usedAssertions(executor: Executor) {
  return {
    /**
     * True when it was not used before. `digest`: SHA-256 of the id, which is a client's text of
     * any length.
     */
    async insert(clientId: string, digest: string, untilMs: number): Promise<boolean> {
      return (await executor.all(insert, { client_id: clientId, digest, until_ms: untilMs })).length > 0;
    },
    async countOf(clientId: string): Promise<number> {
      const [row] = await executor.all(count, { client_id: clientId });
      return row?.used ?? 0;
    },
    async remove(clientId: string, digest: string): Promise<void> {
      await executor.all(remove, { client_id: clientId, digest });
    },
    async removeExpired(clientId: string, nowMs: number): Promise<void> {
      await executor.all(removeExpired, { client_id: clientId, now_ms: nowMs });
    },
  };
}

const insert = statement<{ client_id: string; digest: string; until_ms: number }>()((db, p) =>
  db
    .insertInto("used_assertion")
    .values({ client_id: p.client_id, digest: p.digest, until_ms: p.until_ms })
    .onConflict((conflict) => conflict.doNothing())
    .returning("digest"),
);

const count = statement<{ client_id: string }>()((db, p) =>
  db
    .selectFrom("used_assertion")
    .select((eb) => eb.fn.countAll<number>().as("used"))
    .where("client_id", "=", p.client_id),
);

const remove = statement<{ client_id: string; digest: string }>()((db, p) =>
  db.deleteFrom("used_assertion").where("client_id", "=", p.client_id).where("digest", "=", p.digest),
);

const removeExpired = statement<{ client_id: string; now_ms: number }>()((db, p) =>
  db.deleteFrom("used_assertion").where("client_id", "=", p.client_id).where("until_ms", "<=", p.now_ms),
);
