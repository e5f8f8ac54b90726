import { randomUUID } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { columnsOf } from "../load/table-columns.ts";

/**
 * 40 actions in a set, in the order in which they are stored: mostly Succeeded, as in a working
 * deployment.
 */
const STATUSES = ["Failed", "Cancelled", "TimeOut", "Failed"] as const;
const SET = 40;
const REQUESTORS = 20;
const BATCH = 50_000;
const YEAR_MS = 365 * 86_400_000;

const Names = Type.Array(Type.Object({ name: Type.String() }));
const Definitions = Type.Array(Type.Object({ name: Type.String(), sql: Type.String() }));
const Ids = Type.Array(Type.Object({ id: Type.String() }));

/**
 * Fills a stopped server's database with finished actions: copies of its newest action, which came
 * the whole way through the server, with ids, machines, statuses, requestors and times of their
 * own. Preparation, not measured. Indexes are made afterwards, each in one go; they and the columns
 * are read from the database, so the copies follow the migrations.
 */
export function fillActions(dataDir: string, count: number): void {
  const database = new Database(join(dataDir, "halligan.db"));
  try {
    database.pragma("synchronous = OFF");
    database.pragma("foreign_keys = OFF");
    const nowMs = Date.now();
    database.function("bench_guid", { deterministic: false }, () => randomUUID());
    const machineIds = Value.Parse(Ids, database.prepare("select id from machine order by seq").all());
    database.exec("create temp table bench_machine (n integer primary key, id text, name text)");
    database.exec(
      "insert into bench_machine select row_number() over (order by seq) - 1, id, computer_dns_name from machine",
    );
    const own: Readonly<Record<string, string>> = {
      id: "bench_guid()",
      machine_id: "(select id from bench_machine where n = i % $machines)",
      computer_dns_name: "(select name from bench_machine where n = i % $machines)",
      status: `case i % ${SET} ${STATUSES.map((status, n) => `when ${n} then '${status}'`).join(" ")} else 'Succeeded' end`,
      requestor: `'playbook-' || (i % ${REQUESTORS})`,
      created_at_ms: `$now - ${YEAR_MS / 2} + cast(i * ${YEAR_MS / 2}.0 / $count as integer)`,
      updated_at_ms: `$now - ${YEAR_MS / 2} + cast(i * ${YEAR_MS / 2}.0 / $count as integer) + 5000`,
    };
    const columns = columnsOf(database, "machine_action").filter((name) => name !== "seq");
    // A number is bound as a fraction: without the cast the requestors would be 'playbook-3.0',
    // whom no query asks for.
    const insert = database.prepare(
      `insert into machine_action (${columns.join(", ")})
       with recursive step(i) as (select cast($from as integer) union all select i + 1 from step where i + 1 < $to)
       select ${columns.map((name) => own[name] ?? `template.${name}`).join(", ")}
       from step, (select * from machine_action order by seq desc limit 1) template`,
    );
    withoutIndexes(database, () => {
      for (let from = 0; from < count; from += BATCH) {
        insert.run({ from, to: Math.min(from + BATCH, count), count, now: nowMs, machines: machineIds.length });
      }
    });
    database.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
  }
}

function withoutIndexes(database: Database.Database, work: () => void): void {
  const indexes = Value.Parse(
    Definitions,
    database
      .prepare(
        "select name, sql from sqlite_master where type = 'index' and tbl_name = 'machine_action' and sql is not null",
      )
      .all(),
  );
  for (const { name } of indexes) database.exec(`drop index ${name}`);
  work();
  for (const { sql } of indexes) database.exec(sql);
  const there = Value.Parse(Names, database.prepare("select name from sqlite_master where type = 'index'").all());
  const missing = indexes.filter(({ name }) => !there.some((index) => index.name === name));
  if (missing.length > 0) throw new Error(`indexes were not made again: ${missing.map(({ name }) => name).join(", ")}`);
}
