import { openPool } from "@halligan/server/simulation";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ActionRow, AuditRow, Backup } from "../sim-database.ts";

type Pool = ReturnType<typeof openPool>;

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Rows = Compile(
  Type.Object({
    actions: Type.Array(
      Type.Object({
        id: Type.String(),
        machine_id: Type.String(),
        status: Type.String(),
        deadline_ms: nullable(Type.Integer()),
        order_seq: nullable(Type.Integer()),
        order_state: nullable(Type.String()),
        holds_place: Type.Integer(),
        place_until_ms: nullable(Type.Integer()),
        bound_ms: nullable(Type.Integer()),
        scheduled_ms: nullable(Type.Integer()),
        commands: Type.String(),
      }),
    ),
    audit: Type.Array(
      Type.Object({ operation: Type.String(), action_id: nullable(Type.String()), detail: Type.String() }),
    ),
    quarantined: Type.Array(Type.String()),
  }),
);

export interface StoredRows {
  actions: ActionRow[];
  audit: AuditRow[];
  quarantined: string[];
}

const ACTION_COLUMNS =
  "id, machine_id, status, deadline_ms, order_seq, order_state, holds_place, place_until_ms, bound_ms, scheduled_ms, commands";
/** One statement, so all rows are from the same snapshot. */
const SELECT_ROWS = `select json_build_object(
  'actions', (select coalesce(json_agg(a), '[]') from (select ${ACTION_COLUMNS} from machine_action) a),
  'audit', (select coalesce(json_agg(r), '[]')
    from (select operation, action_id, detail from audit where action_id is not null) r),
  'quarantined', (select coalesce(json_agg(id), '[]') from machine where quarantined = 1)) as rows`;

/**
 * Direct access to the tables without the product's code: to empty them, to copy them, and to check
 * their actual content.
 */
export class TableRows implements AsyncDisposable {
  readonly #pool: Pool;
  /**
   * In the order of their references, referenced tables first. Device groups are created by the
   * migrations.
   */
  readonly #tables: readonly string[];

  private constructor(pool: Pool, tables: readonly string[]) {
    this.#pool = pool;
    this.#tables = tables;
  }

  /** Opens a database that has been migrated. */
  static async open(url: string): Promise<TableRows> {
    const pool = openPool({ url, maxConnections: 1 });
    const { rows } = await pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%'
         and tablename <> 'device_group' order by tablename <> 'machine', tablename`,
    );
    return new TableRows(
      pool,
      rows.map(({ name }) => name),
    );
  }

  async clear(): Promise<void> {
    await this.#pool.query(this.#deletes());
  }

  async all(): Promise<StoredRows> {
    const { rows } = await this.#pool.query<{ rows: unknown }>(SELECT_ROWS);
    const found = rows[0]?.rows;
    if (Rows.Check(found)) return found;
    throw new Error("the tables hold rows of another shape");
  }

  /** A copy of all tables from one snapshot. */
  async copy(): Promise<Backup> {
    const columns = this.#tables.map(
      (table) => `(select coalesce(json_agg(t), '[]')::text from ${table} t) as ${table}`,
    );
    const { rows } = await this.#pool.query<Record<string, string>>(`select ${columns.join(", ")}`);
    return { restore: () => this.#restore(rows[0] ?? {}) };
  }

  async #restore(copy: Readonly<Record<string, string>>): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query(`begin; ${this.#deletes()}`);
      for (const table of this.#tables) {
        await client.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [
          copy[table],
        ]);
      }
      await client.query("commit");
    } finally {
      client.release();
    }
  }

  #deletes(): string {
    return this.#tables
      .toReversed()
      .map((table) => `delete from ${table}`)
      .join("; ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}
