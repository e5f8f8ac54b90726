import { type Kysely, type Selectable, type SqlBool, sql } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { MachineScope } from "../../domain/machines/device-group.ts";
import { asciiLower } from "../../odata/compare-text.ts";
import { completeRows, type LeftOut, shortTexts } from "../lists/page-texts.ts";
import type { AuditTable, Schema } from "../schema.ts";
import { type Executor, statement } from "../statement.ts";

export const AUDIT_ACTOR_KINDS = ["application", "user", "machine", "server"] as const;
export type AuditActorKind = (typeof AUDIT_ACTOR_KINDS)[number];

/**
 * The caller, the operation, the machine and the time of a change. Written in the same transaction
 * as the change.
 */
export interface AuditRecord {
  atMs: number;
  /** Name of the application, user or machine that did it. */
  actor: string;
  actorId: string;
  /** Null in older records. */
  actorKind: AuditActorKind | null;
  /** Client id of the application that called, or that a user called through; null for none. */
  application: string | null;
  /** Network address of the other end; null for what the server did by itself, and when unknown. */
  address: string | null;
  /** Name of the operation or event: `service/audit-operations.ts`. */
  operation: string;
  machineId: string | null;
  actionId: string | null;
  /** Facts about the operation. No script contents, tokens or file bytes. */
  detail: Record<string, unknown>;
}

/** Grows with every record. */
export type StoredAuditRecord = AuditRecord & { seq: number };

/** Null: not restricted by this property. */
export interface AuditMatch {
  machineId: string | null;
  actionId: string | null;
  actorId: string | null;
  /** Records with any of these names. */
  operations: readonly string[] | null;
}

export interface AuditFilter extends AuditMatch {
  /** Only records older than this one; null for the newest. */
  beforeSeq: number | null;
  limit: number;
}

export interface AuditRange extends AuditMatch {
  /** Only records newer than this one. */
  afterSeq: number;
  /** The newest record of the range. */
  upToSeq: number;
  limit: number;
}

/** `isFull`: it has all records that fit on a page, so more may follow. */
export interface AuditPage {
  readonly records: readonly StoredAuditRecord[];
  readonly isFull: boolean;
}

export type AuditLog = ReturnType<typeof auditLog>;

export function auditLog(executor: Executor) {
  return {
    async append(record: AuditRecord): Promise<void> {
      await executor.all(insert, {
        at_ms: record.atMs,
        actor: record.actor,
        actor_id: record.actorId,
        actor_kind: record.actorKind,
        application: record.application,
        address: record.address,
        operation: record.operation,
        machine_id: record.machineId,
        action_id: record.actionId,
        detail: JSON.stringify(record.detail),
      });
    },

    /**
     * Newest first, within the caller's machine scope. Records without a machine are only for
     * callers who reach all machines.
     */
    async list(filter: AuditFilter, scope: MachineScope): Promise<AuditPage> {
      const rows = await executor.allOnce((db) => {
        const query = matching(db, filter, scope).orderBy("seq", "desc").limit(filter.limit);
        return filter.beforeSeq === null ? query : query.where("seq", "<", filter.beforeSeq);
      });
      return await toAuditPage(executor, rows, filter.limit);
    },

    /** Oldest first. Complete and final once all `writers` after `newestSeq` have ended. */
    async range({ afterSeq, upToSeq, limit, ...match }: AuditRange, scope: MachineScope): Promise<AuditPage> {
      const rows = await executor.allOnce((db) =>
        matching(db, { ...match, limit }, scope)
          .where("seq", ">", afterSeq)
          .where("seq", "<=", upToSeq)
          .orderBy("seq", "asc")
          .limit(limit),
      );
      return await toAuditPage(executor, rows, limit);
    },

    /** The highest number that is visible; 0 without records. */
    async newestSeq(): Promise<number> {
      const [row] = await executor.all(newest, {});
      return row?.seq ?? 0;
    },

    /**
     * Open transactions that may have a record with a number that is already assigned. Empty where
     * records become visible in ascending order of their numbers.
     */
    async writers(): Promise<string[]> {
      const writers = executor.dialect.writersOf("audit");
      if (writers === null) return [];
      const rows = await executor.allOnce((db) => db.selectFrom(writers.as("writer")).select("writer.id"));
      return rows.map(({ id }) => id);
    },
  };
}

function matching(db: Kysely<Schema>, match: AuditMatch & { limit: number }, scope: MachineScope) {
  const { size, texts } = shortTexts("audit", LONG_TEXTS, match.limit);
  let query = db.selectFrom("audit").select(SHORT_COLUMNS).select(size).select(texts);
  // Text is compared without regard to letter case, as in every list. These two ids are stored in
  // lower case.
  if (match.machineId !== null) query = query.where("machine_id", "=", asciiLower(match.machineId));
  if (match.actionId !== null) query = query.where(recordsOf(asciiLower(match.actionId)));
  if (match.actorId !== null) query = query.where(lower("actor_id"), "=", asciiLower(match.actorId));
  if (match.operations !== null) query = query.where(lower("operation"), "in", match.operations.map(asciiLower));
  if (scope.kind === "groups") {
    const within = db
      .selectFrom("machine")
      .select("id")
      .where("group_id", "in", [-1, ...scope.groupIds]);
    query = query.where("machine_id", "in", within);
  }
  return query;
}

/** What an operation records about itself, up to the arguments of all commands. */
const LONG_TEXTS = { detail: 1 } as const;

const SHORT_COLUMNS = [
  "seq",
  "at_ms",
  "actor",
  "actor_id",
  "actor_kind",
  "application",
  "address",
  "operation",
  "machine_id",
  "action_id",
] as const satisfies readonly (keyof AuditTable)[];

async function toAuditPage<R extends Selectable<AuditTable> & LeftOut>(
  executor: Executor,
  rows: readonly R[],
  limit: number,
): Promise<AuditPage> {
  const page = await completeRows(rows, (seqs) =>
    executor.allOnce((db) => db.selectFrom("audit").selectAll().where("seq", "in", seqs)),
  );
  return { records: page.rows.map(fromRow), isFull: page.isCut || rows.length === limit };
}

/**
 * All records with an action also have its machine, and are found among the records of the machine.
 * An index by action would be one more page for each commit.
 */
const recordsOf = (actionId: string) => sql<SqlBool>`machine_id = coalesce(
  (select machine_id from machine_action where id = ${actionId}),
  (select machine_id from removed_action where id = ${actionId})) and action_id = ${actionId}`;

const lower = (column: "actor_id" | "operation") => sql<string>`lower(${sql.ref(column)})`;

const insert = statement<{
  at_ms: number;
  actor: string;
  actor_id: string;
  actor_kind: string | null;
  application: string | null;
  address: string | null;
  operation: string;
  machine_id: string | null;
  action_id: string | null;
  detail: string;
}>()((db, p) =>
  db.insertInto("audit").values({
    at_ms: p.at_ms,
    actor: p.actor,
    actor_id: p.actor_id,
    actor_kind: p.actor_kind,
    application: p.application,
    address: p.address,
    operation: p.operation,
    machine_id: p.machine_id,
    action_id: p.action_id,
    detail: p.detail,
  }),
);

const newest = statement<Record<never, never>>()((db) =>
  db.selectFrom("audit").select("seq").orderBy("seq", "desc").limit(1),
);

const StoredDetail = Compile(Type.Record(Type.String(), Type.Unknown()));

function fromRow(row: Selectable<AuditTable>): StoredAuditRecord {
  const detail: unknown = JSON.parse(row.detail);
  if (!StoredDetail.Check(detail)) throw new Error("the stored audit record does not match its schema");
  return {
    seq: row.seq,
    atMs: row.at_ms,
    actor: row.actor,
    actorId: row.actor_id,
    actorKind: AUDIT_ACTOR_KINDS.find((kind) => kind === row.actor_kind) ?? null,
    application: row.application,
    address: row.address,
    operation: row.operation,
    machineId: row.machine_id,
    actionId: row.action_id,
    detail,
  };
}
