import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { MachineScope } from "../../domain/machines/device-group.ts";
import { MACHINE_ACTIONS, type MachineActionField } from "../../odata/entities/machine-action-fields.ts";
import type { Filter } from "../../odata/filter.ts";
import type { ListQuery } from "../../odata/query.ts";
import type { FieldSource, FieldSources } from "../lists/field-source.ts";
import { FALSE, filterExpression, TRUE } from "../lists/filter-expression.ts";
import { joinEqualities } from "../lists/join-equalities.ts";
import { type ListPage, rowsToRead, toPage } from "../lists/list-page.ts";
import { inGroups } from "../lists/machine-scope.ts";
import { shortTexts } from "../lists/page-texts.ts";
import { afterPosition, type SortKey, sortKeys, sortSql } from "../lists/sort-expression.ts";
import { selectedSortKeys, sortValues } from "../lists/sort-values.ts";
import type { MachineActionTable } from "../schema.ts";
import type { SqlDialect } from "../sql-dialect.ts";
import type { Executor } from "../statement.ts";
import { IS_UNFINISHED } from "./action-literals.ts";
import { LISTED_COLUMNS, type ListedRow, LONG_TEXTS, SHORT_COLUMNS } from "./listed-action.ts";
import { chooseIndex, type IndexChoice } from "./machine-action-index.ts";

const column = (name: keyof MachineActionTable) =>
  ({ from: "expression", value: sql.ref(`machine_action.${name}`), nullable: false }) as const;

const SOURCES = {
  id: column("id"),
  status: column("status"),
  machineId: column("machine_id"),
  // The values that the wire form of every action on this server shares.
  type: { from: "constant", value: "LiveResponse" },
  requestor: column("requestor"),
  creationDateTimeUtc: column("created_at_ms"),
  lastUpdateDateTimeUtc: column("updated_at_ms"),
  computerDnsName: column("computer_dns_name"),
} satisfies Record<MachineActionField, FieldSource>;

const SEQ: Expression<unknown> = sql.ref("machine_action.seq");

/**
 * One page of `GET /api/machineactions`, newest first by default. The inner query finds sequences,
 * mostly from an index alone; then only the rows of the page are read. Sorting whole rows took four
 * times as long.
 */
export async function listMachineActions<T>(
  executor: Executor,
  query: ListQuery,
  scope: MachineScope,
  fromRow: (row: ListedRow) => T,
): Promise<ListPage<T>> {
  if (query.pageSize === 0) return { rows: [], next: null };
  const sources: FieldSources = new Map(Object.entries(SOURCES));
  const keys = sortKeys(query.sort, MACHINE_ACTIONS, sources);
  const seq: SortKey = { value: SEQ, nullable: false, descending: query.sort.at(-1)?.descending ?? true };
  const sort = sortSql([...keys.filter((key) => key !== undefined), seq]);
  const after = query.after ? afterPosition(keys, seq, query.after) : TRUE;
  const where = condition(query.filter, scope, (filter) => chooseIndex(filter, query.sort), executor.dialect);
  const { size, texts } = shortTexts("machine_action", LONG_TEXTS, rowsToRead(query));
  const rows = await executor.allOnce((db) =>
    db
      .selectFrom("machine_action")
      .select(SHORT_COLUMNS)
      .select(size)
      .select(texts)
      .select(selectedSortKeys(keys))
      .where("seq", "in", (inner) =>
        inner
          .selectFrom("machine_action")
          .select("seq")
          .where(where)
          .where(after)
          .orderBy(sort)
          .limit(rowsToRead(query))
          .offset(query.skip),
      )
      .orderBy(sort),
  );
  const readWhole = (seqs: readonly number[]) =>
    executor.allOnce((db) => db.selectFrom("machine_action").select(LISTED_COLUMNS).where("seq", "in", seqs));
  return await toPage(rows, query, readWhole, (row) => sortValues(row, keys), fromRow);
}

/** `@odata.count`: the number of actions that meet the filter. */
export async function countMachineActions(
  executor: Executor,
  filter: Filter | null,
  scope: MachineScope,
): Promise<number> {
  const indexed = condition(filter, scope, (joined) => chooseIndex(joined, null), executor.dialect);
  // The group of a machine may change at any time.
  if (executor.settledCounts && scope.kind === "all") {
    const unindexed = condition(filter, scope, () => NO_INDEX, executor.dialect);
    return await executor.settledCounts.count(executor, filter, { indexed, unindexed });
  }
  const [row] = await executor.allOnce((db) =>
    db.selectFrom("machine_action").select(sql<number>`count(*)`.as("count")).where(indexed),
  );
  return Number(row?.count ?? 0);
}

const NO_INDEX: IndexChoice = { unindexed: new Set(Object.keys(SOURCES)), bounding: [], isUnfinished: false };

function condition(
  filter: Filter | null,
  scope: MachineScope,
  choose: (filter: Filter) => IndexChoice,
  dialect: SqlDialect,
): RawBuilder<SqlBool> {
  const met = filter === null ? TRUE : filterCondition(joinEqualities(filter), choose, dialect);
  return scope.kind === "all" ? met : sql`${onMachinesIn(scope.groupIds, dialect)} and ${met}`;
}

/**
 * The actions of machines that are in these groups now. Checked without an index: a user who
 * reaches most machines reads the list like any other caller.
 */
function onMachinesIn(groupIds: readonly number[], dialect: SqlDialect): RawBuilder<SqlBool> {
  // Without this shortcut every action would be examined in vain.
  if (groupIds.length === 0) return FALSE;
  const machineId = dialect.unindexed(SOURCES.machineId.value);
  return sql`${machineId} in (select machine.id from machine where ${inGroups(groupIds)})`;
}

function filterCondition(
  filter: Filter,
  choose: (filter: Filter) => IndexChoice,
  dialect: SqlDialect,
): RawBuilder<SqlBool> {
  const { unindexed, bounding, isUnfinished } = choose(filter);
  const sources: FieldSources = new Map(
    Object.entries<FieldSource>(SOURCES).map(([field, source]) => [
      field,
      unindexed.has(field) && source.from === "expression"
        ? { ...source, value: dialect.unindexed(source.value) }
        : source,
    ]),
  );
  const asked = filterExpression(filter, sources, dialect);
  // A partial index is used only for its own condition, written out.
  const exact = isUnfinished ? sql<SqlBool>`(${IS_UNFINISHED} and ${asked})` : asked;
  return bounding.reduce((all, bound) => sql`${all} and ${sequenceBounds(bound, sources, dialect)}`, exact);
}

/**
 * Bounds of the sequence that follow from the condition on the creation time. They limit the part
 * of the sequence that is read. Without them, "created since yesterday", newest first, read the
 * whole table if yesterday had less than a page (420 ms at 1,000,000 actions). If sequence and
 * creation time disagree, the bounds are only wider. `+ 0` prevents SQLite from searching for the
 * minimum along the sequence.
 */
function sequenceBounds(
  bound: Extract<Filter, { kind: "compare" }>,
  sources: FieldSources,
  dialect: SqlDialect,
): RawBuilder<SqlBool> {
  const matching = sql`from machine_action where ${filterExpression(bound, sources, dialect)}`;
  const first = sql<SqlBool>`${SEQ} >= (select min(seq + 0) ${matching})`;
  const last = sql<SqlBool>`${SEQ} <= (select max(seq + 0) ${matching})`;
  if (bound.operator === "gt" || bound.operator === "ge") return first;
  return bound.operator === "eq" ? sql`${first} and ${last}` : last;
}
