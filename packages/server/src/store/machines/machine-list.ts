import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import type { MachineScope } from "../../domain/machines/device-group.ts";
import type { MachineLife } from "../../domain/machines/machine.ts";
import { MACHINES } from "../../odata/entities/machine-fields.ts";
import type { Filter } from "../../odata/filter.ts";
import type { ListQuery } from "../../odata/query.ts";
import type { FieldSources } from "../lists/field-source.ts";
import { filterExpression, TRUE } from "../lists/filter-expression.ts";
import { joinEqualities } from "../lists/join-equalities.ts";
import { type ListPage, rowsToRead, toPage } from "../lists/list-page.ts";
import { inGroups } from "../lists/machine-scope.ts";
import { shortTexts } from "../lists/page-texts.ts";
import { afterPosition, type SortKey, sortKeys, sortSql } from "../lists/sort-expression.ts";
import { selectedSortKeys, sortValues } from "../lists/sort-values.ts";
import type { MachineTable } from "../schema.ts";
import type { SqlDialect } from "../sql-dialect.ts";
import type { Executor } from "../statement.ts";
import { type HealthClock, machineSources } from "./machine-sources.ts";

type Row = Selectable<MachineTable>;

/** What a device reports and operators add. */
const LONG_TEXTS = { facts: 1, tags: 1 / 4, continuity: 1 / 4 } as const;

const SHORT_COLUMNS = [
  "seq",
  "id",
  "computer_dns_name",
  "first_seen_ms",
  "last_seen_ms",
  "last_external_ip",
  "linked",
  "node_id",
  "link_epoch",
  "journal_id",
  "last_order_seq",
  "quarantined",
  "quarantine_reason",
  "group_id",
  "display_name",
  "features",
  "secret_key",
  "retired_at_ms",
  "retired_by",
  "retire_reason",
  "removed_at_ms",
  "last_ip",
  "os_platform",
  "version",
  "os_version",
  "os_build",
  "os_architecture",
  "os_processor",
  "agent_version",
] as const satisfies readonly (keyof MachineTable)[];

/** The machines that a list may show, before any filter of the caller. */
export interface MachineSelection {
  readonly scope: MachineScope;
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
  selection: MachineSelection,
  graceMs: number,
  fromRow: (row: Row) => T,
): Promise<ListPage<T>> {
  if (query.pageSize === 0) return { rows: [], next: null };
  const { dialect } = executor;
  const sources = machineSources({ asOfMs: query.asOfMs, graceMs }, dialect);
  const keys = sortKeys(query.sort, MACHINES, sources);
  const descending = query.sort.at(-1)?.descending ?? false;
  const seq: SortKey = { value: sql.ref("machine.seq"), nullable: false, descending };
  const sort = sortSql([...keys.filter((key) => key !== undefined), seq]);
  const after = query.after ? afterPosition(keys, seq, query.after) : TRUE;
  const where = condition(query.filter, selection, sources, dialect);
  const { size, texts } = shortTexts("machine", LONG_TEXTS, rowsToRead(query));
  const rows = await executor.allOnce((db) =>
    db
      .selectFrom("machine")
      .select(SHORT_COLUMNS)
      .select(size)
      .select(texts)
      .select(selectedSortKeys(keys))
      .where("seq", "in", (inner) =>
        inner
          .selectFrom("machine")
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
    executor.allOnce((db) => db.selectFrom("machine").selectAll().where("seq", "in", seqs));
  return await toPage(rows, query, readWhole, (row) => sortValues(row, keys), fromRow);
}

/** `@odata.count`: the number of machines that meet the filter. `clock.asOfMs` is the query's. */
export async function countMachines(
  executor: Executor,
  filter: Filter | null,
  selection: MachineSelection,
  clock: HealthClock,
): Promise<number> {
  const { dialect } = executor;
  const where = condition(filter, selection, machineSources(clock, dialect), dialect);
  const [row] = await executor.allOnce((db) =>
    db.selectFrom("machine").select(sql<number>`count(*)`.as("count")).where(where),
  );
  return Number(row?.count ?? 0);
}

function condition(
  filter: Filter | null,
  { scope, life, enrollmentTokenId }: MachineSelection,
  sources: FieldSources,
  dialect: SqlDialect,
): RawBuilder<SqlBool> {
  const parts = [LIFE[life]];
  if (scope.kind === "groups") parts.push(inGroups(scope.groupIds));
  if (enrollmentTokenId !== null) parts.push(enrolledWith(enrollmentTokenId));
  if (filter !== null) parts.push(filterExpression(joinEqualities(filter), sources, dialect));
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
