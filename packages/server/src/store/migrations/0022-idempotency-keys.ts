import type { ColumnBuilderCallback, Kysely } from "kysely";

/** The keys of accepted starts (docs/decisions/0044-idempotent-starts.md). */
export async function up(db: Kysely<unknown>): Promise<void> {
  const required: ColumnBuilderCallback = (column) => column.notNull();
  await db.schema
    .createTable("idempotency_key")
    .addColumn("account_id", "text", required)
    .addColumn("key", "text", required)
    .addColumn("request_sha256", "text", required)
    .addColumn("action_id", "text", required)
    .addColumn("until_ms", "bigint", required)
    .addPrimaryKeyConstraint("idempotency_key_key", ["account_id", "key"])
    .execute();
  await db.schema.createIndex("idempotency_key_until").on("idempotency_key").column("until_ms").execute();
}
