import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import type { Reach } from "../../domain/machines/device-group.ts";
import type { MachineLife } from "../../domain/machines/machine.ts";
import { MACHINES } from "../../odata/entities/machine-fields.ts";
import type { Filter } from "../../odata/filter.ts";
import type { ListQuery } from "../../odata/query.ts";
import type { Engine } from "../engine.ts";
import type { FieldSources } from "../lists/field-source.ts";
import { filterExpression, TRUE } from "../lists/filter-expression.ts";
import { joinEqualities } from "../lists/join-equalities.ts";
import { type ListPage, rowsToRead, toPage } from "../lists/list-page.ts";
import { inGroups } from "../lists/machine-reach.ts";
import { afterPosition, type OrderKey, orderKeys, orderSql } from "../lists/order-expression.ts";
import { orderValues, selectedOrder } from "../lists/order-values.ts";
import type { MachineTable } from "../schema.ts";
import type { Executor } from "../statement.ts";
import { type HealthClock, machineSources } from "./machine-sources.ts";

type Row = Selectable<MachineTable>;

/** The machines that a list may show, before any filter of the caller. */
export interface MachineListScope {
  readonly reach: Reach;
  readonly life: MachineLife;
  /** Only machines that were enrolled with this token; null for all. */
  readonly enrollmentTokenId: string | null;
}

/**
 * One page of `GET /api/machines`, by enrollment unless the query sorts otherwise. `graceMs` as in
 * `HealthClock`.
 */
export async function listMachines<T>(
  executor: Executor,
  query: ListQuery,
  scope: MachineListScope,
  graceMs: number,
  fromRow: (row: Row) => T,
): Promise<ListPage<T>> {
  if (query.pageSize === 0) return { rows: [], next: null };
  const { engine } = executor;
  const sources = machineSources({ asOfMs: query.asOfMs, graceMs }, engine);
  const keys = orderKeys(query.orderBy, MACHINES, sources);
  const descending = query.orderBy.at(-1)?.descending ?? false;
  const seq: OrderKey = { value: sql.ref("machine.seq"), nullable: false, descending };
  const order = orderSql([...keys.filter((key) => key !== undefined), seq]);
  const after = query.after ? afterPosition(keys, seq, query.after) : TRUE;
  const where = condition(query.filter, scope, sources, engine);
  const rows = await executor.allOnce((db) =>
    db
      .selectFrom("machine")
      .selectAll()
      .select(selectedOrder(keys))
      .where("seq", "in", (inner) =>
        inner
          .selectFrom("machine")
          .select("seq")
          .where(where)
          .where(after)
          .orderBy(order)
          .limit(rowsToRead(query))
          .offset(query.skip),
      )
      .orderBy(order),
  );
  return toPage(rows, query, (row) => orderValues(row, keys), fromRow);
}

/** `@odata.count`: the number of machines that meet the filter. `clock.asOfMs` is the query's. */
export async function countMachines(
  executor: Executor,
  filter: Filter | null,
  scope: MachineListScope,
  clock: HealthClock,
): Promise<number> {
  const { engine } = executor;
  const where = condition(filter, scope, machineSources(clock, engine), engine);
  const [row] = await executor.allOnce((db) =>
    db.selectFrom("machine").select(sql<number>`count(*)`.as("count")).where(where),
  );
  return Number(row?.count ?? 0);
}

function condition(
  filter: Filter | null,
  { reach, life, enrollmentTokenId }: MachineListScope,
  sources: FieldSources,
  engine: Engine,
): RawBuilder<SqlBool> {
  const parts = [LIFE[life]];
  if (reach.kind === "groups") parts.push(inGroups(reach.groupIds));
  if (enrollmentTokenId !== null) parts.push(enrolledWith(enrollmentTokenId));
  if (filter !== null) parts.push(filterExpression(joinEqualities(filter), sources, engine));
  return sql`${sql.join(parts, sql` and `)}`;
}

const LIFE: Readonly<Record<MachineLife, RawBuilder<SqlBool>>> = {
  inUse: sql`machine.retired_at_ms is null`,
  // Written so that the partial index of retired machines is used.
  retired: sql`machine.retired_at_ms is not null and machine.removed_at_ms is null`,
  all: sql`machine.removed_at_ms is null`,
};

function enrolledWith(tokenId: string): RawBuilder<SqlBool> {
  return sql`machine.id in (select machine_key.machine_id from machine_key
    join enrollment_token on enrollment_token.token_sha256 = machine_key.enrolled_with
    where enrollment_token.id = ${tokenId})`;
}
