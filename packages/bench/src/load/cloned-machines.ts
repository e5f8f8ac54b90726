import { randomBytes } from "node:crypto";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { columnsOf } from "./table-columns.ts";

const Rows = Type.Array(Type.Object({ id: Type.String() }));

/**
 * Makes a stopped server's database know many machines: copies of its one enrolled machine under
 * ids of their own, which never connect. Preparation, not measured: enrolling twenty thousand would
 * take longer than the bench.
 */
export function cloneMachines(dataDir: string, count: number): string[] {
  const database = new Database(join(dataDir, "halligan.db"));
  try {
    const columns = columnsOf(database, "machine").filter((name) => name !== "seq" && name !== "id");
    const [template] = Value.Parse(Rows, database.prepare("select id from machine order by seq limit 1").all());
    if (!template) throw new Error("there is no enrolled machine to copy");
    const names = columns.join(", ");
    const insert = database.prepare(`insert into machine (id, ${names}) select ?, ${names} from machine where id = ?`);
    const ids = Array.from({ length: count }, () => randomBytes(20).toString("hex"));
    database.transaction(() => {
      for (const id of ids) insert.run(id, template.id);
    })();
    return ids;
  } finally {
    database.close();
  }
}
