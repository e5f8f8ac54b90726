import { type Executor, statement } from "../statement.ts";

/** A statement of an account that these bytes may run. It applies to the bytes, under any name. */
export interface LibraryApproval {
  sha256: string;
  /** The account that approved. Two approvals of one account count as one. */
  accountId: string;
  approvedBy: string;
  approvedAtMs: number;
}

export type LibraryApprovals = ReturnType<typeof libraryApprovals>;

export function libraryApprovals(executor: Executor) {
  return {
    /** Oldest first. */
    async of(sha256: string): Promise<LibraryApproval[]> {
      const rows = await executor.all(selectOf, { sha256 });
      return rows.map((row) => ({
        sha256: row.sha256,
        accountId: row.account_id,
        approvedBy: row.approved_by,
        approvedAtMs: row.approved_at_ms,
      }));
    },
    /** False when that account approved it before. */
    async insert(approval: LibraryApproval): Promise<boolean> {
      const inserted = await executor.all(insert, {
        sha256: approval.sha256,
        account_id: approval.accountId,
        approved_by: approval.approvedBy,
        approved_at_ms: approval.approvedAtMs,
      });
      return inserted.length > 0;
    },
    /** Removes the approvals of all accounts. False when there was none. */
    async remove(sha256: string): Promise<boolean> {
      return (await executor.all(remove, { sha256 })).length > 0;
    },
  };
}

const selectOf = statement<{ sha256: string }>()((db, p) =>
  db.selectFrom("library_approval").selectAll().where("sha256", "=", p.sha256).orderBy("approved_at_ms"),
);

const insert = statement<{ sha256: string; account_id: string; approved_by: string; approved_at_ms: number }>()(
  (db, p) =>
    db
      .insertInto("library_approval")
      .values({
        sha256: p.sha256,
        account_id: p.account_id,
        approved_by: p.approved_by,
        approved_at_ms: p.approved_at_ms,
      })
      .onConflict((conflict) => conflict.columns(["sha256", "account_id"]).doNothing())
      .returning("sha256"),
);

const remove = statement<{ sha256: string }>()((db, p) =>
  db.deleteFrom("library_approval").where("sha256", "=", p.sha256).returning("sha256"),
);
