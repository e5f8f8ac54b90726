import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import type { EnrollmentToken } from "../../domain/agents/enrollment-token.ts";
import type { EnrollmentTokenTable } from "../schema.ts";
import { type Executor, statement } from "../statement.ts";

export type EnrollmentTokens = ReturnType<typeof enrollmentTokens>;

export function enrollmentTokens(executor: Executor) {
  return {
    async insert(token: {
      id: string;
      tokenSha256: string;
      uses: number;
      expiresAtMs: number;
      createdBy: string;
      createdAtMs: number;
    }): Promise<void> {
      await executor.all(insert, {
        id: token.id,
        token_sha256: token.tokenSha256,
        uses: token.uses,
        expires_at_ms: token.expiresAtMs,
        created_by: token.createdBy,
        created_at_ms: token.createdAtMs,
      });
    },
    /**
     * Takes one use in one statement, so that two devices never share the last one. Returns the id
     * of the token. Undefined when the token is unknown, expired, used up or revoked.
     */
    async use(tokenSha256: string, nowMs: number): Promise<string | undefined> {
      return (await executor.all(use, { token_sha256: tokenSha256, now_ms: nowMs }))[0]?.id;
    },
    /** Whether {@link use} would take a use now. Writes nothing. */
    async isUsable(tokenSha256: string, nowMs: number): Promise<boolean> {
      return (await executor.all(selectUsable, { token_sha256: tokenSha256, now_ms: nowMs })).length > 0;
    },
    /** Inside a write the row is locked until the transaction ends. */
    async byId(id: string): Promise<EnrollmentToken | undefined> {
      const [row] = await executor.all(executor.hasOtherWriters ? selectByIdToChange : selectById, { id });
      return row && (await this.withUses(row));
    },
    /** Newest first. `beforeId`: only those older than this one. */
    async list({ beforeId, limit }: { beforeId: string | null; limit: number }): Promise<EnrollmentToken[]> {
      const rows = await executor.allOnce((db) => {
        const tokens = db.selectFrom("enrollment_token").selectAll();
        const older = beforeId === null ? tokens : tokens.where(olderThan(beforeId));
        return older.orderBy("created_at_ms", "desc").orderBy("id", "desc").limit(limit);
      });
      return Promise.all(rows.map((row) => this.withUses(row)));
    },
    /**
     * Prevents further enrollments with it, also on a node of the previous release, because no use
     * is left.
     */
    async revoke(id: string, atMs: number, by: string): Promise<void> {
      await executor.all(revoke, { id, at_ms: atMs, by });
    },
    /**
     * Counted from the keys that were enrolled with it. A use is taken in the transaction that adds
     * the key.
     */
    async withUses(row: Selectable<EnrollmentTokenTable>): Promise<EnrollmentToken> {
      const [used] = await executor.all(selectUses, { token_sha256: row.token_sha256 });
      return fromRow(row, { machines: used?.machines ?? 0, lastMs: used?.last_ms ?? null });
    },
  };
}

/** If the token does not exist, no token is older. */
const olderThan = (id: string): RawBuilder<SqlBool> =>
  sql`(created_at_ms, id) < (select one.created_at_ms, one.id from enrollment_token as one where one.id = ${id})`;

const insert = statement<{
  id: string;
  token_sha256: string;
  uses: number;
  expires_at_ms: number;
  created_by: string;
  created_at_ms: number;
}>()((db, p) =>
  db.insertInto("enrollment_token").values({
    id: p.id,
    token_sha256: p.token_sha256,
    uses: p.uses,
    uses_left: p.uses,
    expires_at_ms: p.expires_at_ms,
    created_by: p.created_by,
    created_at_ms: p.created_at_ms,
    revoked_at_ms: null,
    revoked_by: null,
  }),
);

const use = statement<{ token_sha256: string; now_ms: number }>()((db, p) =>
  db
    .updateTable("enrollment_token")
    .set((eb) => ({ uses_left: eb("uses_left", "-", 1) }))
    .where("token_sha256", "=", p.token_sha256)
    .where("uses_left", ">", 0)
    .where("expires_at_ms", ">", p.now_ms)
    .where("revoked_at_ms", "is", null)
    .returning("id"),
);

const selectUsable = statement<{ token_sha256: string; now_ms: number }>()((db, p) =>
  db
    .selectFrom("enrollment_token")
    .select("id")
    .where("token_sha256", "=", p.token_sha256)
    .where("uses_left", ">", 0)
    .where("expires_at_ms", ">", p.now_ms)
    .where("revoked_at_ms", "is", null),
);

const selectById = statement<{ id: string }>()((db, p) =>
  db.selectFrom("enrollment_token").selectAll().where("id", "=", p.id),
);

const selectByIdToChange = statement<{ id: string }>()((db, p) =>
  db.selectFrom("enrollment_token").selectAll().where("id", "=", p.id).forNoKeyUpdate(),
);

const revoke = statement<{ id: string; at_ms: number; by: string }>()((db, p) =>
  db
    .updateTable("enrollment_token")
    .set({ revoked_at_ms: p.at_ms, revoked_by: p.by, uses_left: 0 })
    .where("id", "=", p.id),
);

const selectUses = statement<{ token_sha256: string }>()((db, p) =>
  db
    .selectFrom("machine_key")
    .select((eb) => [eb.fn.countAll<number>().as("machines"), eb.fn.max<number | null>("valid_from_ms").as("last_ms")])
    .where("enrolled_with", "=", p.token_sha256),
);

function fromRow(
  row: Selectable<EnrollmentTokenTable>,
  used: { machines: number; lastMs: number | null },
): EnrollmentToken {
  return {
    id: row.id,
    uses: row.uses,
    usesLeft: row.uses_left,
    expiresAtMs: row.expires_at_ms,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: used.lastMs,
    machinesEnrolled: used.machines,
    revocation: row.revoked_at_ms === null ? null : { atMs: row.revoked_at_ms, by: row.revoked_by ?? "" },
  };
}
