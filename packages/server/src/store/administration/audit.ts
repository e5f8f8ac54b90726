import { type Selectable, type SqlBool, sql } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { MachineScope } from "../../domain/machines/device-group.ts";
import { asciiLower } from "../../odata/compare-text.ts";
import type { AuditTable } from "../schema.ts";
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

export interface AuditFilter {
  machineId: string | null;
  actionId: string | null;
  actorId: string | null;
  /** Records with any of these names; null for all. */
  operations: readonly string[] | null;
  /** Only records older than this one; null for the newest. */
  beforeSeq: number | null;
  limit: number;
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
    async list(filter: AuditFilter, scope: MachineScope): Promise<StoredAuditRecord[]> {
      const rows = await executor.allOnce((db) => {
        let query = db.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(filter.limit);
        // Text is compared without regard to letter case, as in every list. These two ids are
        // stored in lower case.
        if (filter.machineId !== null) query = query.where("machine_id", "=", asciiLower(filter.machineId));
        if (filter.actionId !== null) query = query.where(recordsOf(asciiLower(filter.actionId)));
        if (filter.actorId !== null) query = query.where(lower("actor_id"), "=", asciiLower(filter.actorId));
        if (filter.operations !== null)
          query = query.where(lower("operation"), "in", filter.operations.map(asciiLower));
        if (filter.beforeSeq !== null) query = query.where("seq", "<", filter.beforeSeq);
        if (scope.kind === "groups") {
          const within = db
            .selectFrom("machine")
            .select("id")
            .where("group_id", "in", [-1, ...scope.groupIds]);
          query = query.where("machine_id", "in", within);
        }
        return query;
      });
      return rows.map(fromRow);
    },
  };
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
