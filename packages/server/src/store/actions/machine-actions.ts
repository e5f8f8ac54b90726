import { type SqlBool, sql } from "kysely";
import type { ListedAction, MachineAction } from "../../domain/actions/machine-action.ts";
import type { MachineScope } from "../../domain/machines/device-group.ts";
import type { Filter } from "../../odata/filter.ts";
import type { ListQuery } from "../../odata/query.ts";
import { changedColumns, onlyColumns, statementsByColumns } from "../changed-columns.ts";
import type { ListPage } from "../lists/list-page.ts";
import { isOfSequence } from "../results/command-end-key.ts";
import { type Executor, statement } from "../statement.ts";
import { IS_OUT, IS_SCHEDULED, IS_UNFINISHED, OUT, UNFINISHED, WITH_SLOT, WITHOUT_SLOT } from "./action-literals.ts";
import { type ActionValues, fromRow, type Row, toValues } from "./action-row.ts";
import { listedFromRow } from "./listed-action.ts";
import { countMachineActions, listMachineActions } from "./machine-action-list.ts";
import { sessionSlots } from "./session-slots.ts";
import { ACTIONS_REMOVED } from "./settled-counts.ts";

export type MachineActions = ReturnType<typeof machineActions>;

export function machineActions(executor: Executor) {
  return {
    /**
     * The schema refuses a second unfinished action of a machine. Callers check with `unfinishedOf`
     * first, in the same transaction.
     */
    async insert(action: MachineAction): Promise<void> {
      await executor.all(insert, toValues(action));
    },

    /** Compares and sets the changed columns. `loaded`: the action as it was read. */
    async save(loaded: MachineAction, changed: MachineAction): Promise<MachineAction> {
      const saved: MachineAction = { ...changed, version: loaded.version + 1 };
      const values = toValues(saved);
      const update = updateOf(changedColumns(toValues(loaded), values));
      await executor.compareAndSet(update, { ...values, expected_version: loaded.version });
      return saved;
    },

    async byId(id: string): Promise<MachineAction | undefined> {
      return first(await executor.all(selectById, { id }));
    },

    /**
     * Starts from an action that was read before: the unit is repeated if it has changed since.
     * False where a unit may assume nothing. Issued after the lock of the machine.
     */
    async assumeUnchanged({ id, version }: MachineAction): Promise<boolean> {
      if (!executor.assume) return false;
      await executor.assume(selectVersion, { id, version });
      return true;
    },

    /** The one that is not scheduled for later. */
    async unfinishedOf(machineId: string): Promise<MachineAction | undefined> {
      return first(await executor.all(selectUnfinished, { machine_id: machineId }));
    },

    /** Unfinished or scheduled, or with an order that may still run on the device; oldest first. */
    async openOf(machineId: string): Promise<MachineAction[]> {
      return (await executor.all(selectOpen, { machine_id: machineId })).map(fromRow);
    },

    /**
     * Machines that are connected to this node and have an action to be sent. Finds what a lost
     * wake-up left waiting.
     */
    async connectedMachinesWithWork(nodeId: string, nowMs: number, limit: number): Promise<string[]> {
      const rows = await executor.all(selectMachinesWithWork, { node_id: nodeId, now_ms: nowMs, limit });
      return rows.map((row) => row.machine_id);
    },

    /**
     * Machines that are connected to this node and have an order or an end that was not sent yet;
     * oldest first.
     */
    async connectedMachinesToSend(nodeId: string, nowMs: number, limit: number): Promise<string[]> {
      const rows = await executor.all(selectMachinesToSend, { node_id: nodeId, now_ms: nowMs, limit });
      return rows.map((row) => row.machine_id);
    },

    /** Unfinished actions whose deadline or bound has passed. */
    async overdue(nowMs: number, limit: number): Promise<MachineAction[]> {
      return (await executor.all(selectOverdue, { now_ms: nowMs, limit })).map(fromRow);
    },

    /** Actions that ended before `beforeMs` and still have bytes; oldest first. */
    async withResultsBefore(beforeMs: number, limit: number): Promise<MachineAction[]> {
      return (await executor.all(selectWithResults, { before_ms: beforeMs, limit })).map(fromRow);
    },

    /** When the oldest action was created for which a device may still work; undefined for none. */
    async oldestOpenMs(): Promise<number | undefined> {
      const [unfinished] = await executor.all(selectOldestUnfinished, {});
      const [out] = await executor.all(selectOldestOut, {});
      const times = [unfinished?.created_at_ms, out?.created_at_ms].filter((ms) => typeof ms === "number");
      return times.length > 0 ? Math.min(...times) : undefined;
    },

    /**
     * Removes final actions that were created before `beforeMs` and keep no results. Returns their
     * ids.
     */
    async removeBefore(beforeMs: number, limit: number): Promise<string[]> {
      const removed = await executor.all(removeOld, { before_ms: beforeMs, limit });
      if (removed.length === 0) return [];
      await executor.all(tellRemoved, { key: ACTIONS_REMOVED });
      await executor.all(noteSequence, { value: String(Math.max(...removed.map(({ seq }) => seq))) });
      for (const { id, seq, machine_id } of removed) {
        await executor.all(removeEnds, { seq });
        await executor.all(insertRemoved, { id, machine_id });
      }
      return removed.map(({ id }) => id);
    },

    ...sessionSlots(executor),

    /** One page of the actions that a caller may see, sorted as the query asks. */
    list(query: ListQuery, scope: MachineScope): Promise<ListPage<ListedAction>> {
      return listMachineActions(executor, query, scope, listedFromRow);
    },
    count(filter: Filter | null, scope: MachineScope): Promise<number> {
      return countMachineActions(executor, filter, scope);
    },
  };
}

/** The highest sequence of a removed action. */
const LAST_REMOVED = sql.lit("lastRemovedAction");

/**
 * A sequence is never used twice, also after the newest action was removed: pages of lists and keys
 * of `command_end` contain it.
 */
const NEXT_SEQUENCE = sql<number>`1 + max(coalesce((select max(seq) from machine_action), 0),
  coalesce((select cast(value as integer) from meta where key = ${LAST_REMOVED}), 0))`;

const insert = statement<ActionValues>()((db, p, { generatesKeys }) =>
  db.insertInto("machine_action").values({
    ...(generatesKeys ? {} : { seq: NEXT_SEQUENCE }),
    id: p.id,
    machine_id: p.machine_id,
    computer_dns_name: p.computer_dns_name,
    type: "LiveResponse",
    status: p.status,
    requestor: p.requestor,
    requestor_id: p.requestor_id,
    application: p.application,
    comment: p.comment,
    created_at_ms: p.created_at_ms,
    updated_at_ms: p.updated_at_ms,
    deadline_ms: p.deadline_ms,
    cancellation: p.cancellation,
    error_hresult: p.error_hresult,
    commands: p.commands,
    options: p.options,
    secrets: p.secrets,
    scheduled_ms: p.scheduled_ms,
    order_seq: p.order_seq,
    order_state: p.order_state,
    order_journal_id: p.order_journal_id,
    order_link_epoch: p.order_link_epoch,
    order_claimed_at_ms: p.order_claimed_at_ms,
    order_sent_at_ms: p.order_sent_at_ms,
    order_start_in_doubt: p.order_start_in_doubt,
    final_at_ms: p.final_at_ms,
    holds_place: p.holds_place,
    place_until_ms: p.place_until_ms,
    bound_ms: p.bound_ms,
    bound_until_ms: p.bound_until_ms,
    bound_latest_ms: p.bound_latest_ms,
    bound_paused_at_ms: p.bound_paused_at_ms,
    keeps_results: p.keeps_results,
    version: p.version,
  }),
);

const updateOf = statementsByColumns((columns: readonly (keyof ActionValues)[]) =>
  statement<ActionValues & { expected_version: number }>()((db, p) =>
    db
      .updateTable("machine_action")
      .set(onlyColumns<ActionValues, keyof ActionValues>(p, columns))
      .where("id", "=", p.id)
      .where("version", "=", p.expected_version),
  ),
);

const selectById = statement<{ id: string }>()((db, p) =>
  db.selectFrom("machine_action").selectAll().where("id", "=", p.id),
);

const selectVersion = statement<{ id: string; version: number }>()((db, p) =>
  db.selectFrom("machine_action").select("id").where("id", "=", p.id).where("version", "=", p.version),
);

const selectUnfinished = statement<{ machine_id: string }>()((db, p) =>
  db.selectFrom("machine_action").selectAll().where("machine_id", "=", p.machine_id).where(IS_UNFINISHED),
);

// Several queries instead of one with `or`, each on the same partial index. With `or`, SQLite reads
// the machine's whole history.
const selectOpen = statement<{ machine_id: string }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .selectAll()
    .where("seq", "in", (open) =>
      open
        .selectFrom("machine_action")
        .select("seq")
        .where("machine_id", "=", p.machine_id)
        .where(IS_UNFINISHED)
        .unionAll((out) =>
          out.selectFrom("machine_action").select("seq").where("machine_id", "=", p.machine_id).where(IS_OUT),
        )
        .unionAll((scheduled) =>
          scheduled
            .selectFrom("machine_action")
            .select("seq")
            .where("machine_id", "=", p.machine_id)
            .where(IS_SCHEDULED),
        ),
    )
    .orderBy("seq"),
);

const selectMachinesWithWork = statement<{ node_id: string; now_ms: number; limit: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .innerJoin("machine", "machine.id", "machine_action.machine_id")
    .select("machine_action.machine_id")
    .distinct()
    .where((or) => or.or([or("machine_action.status", "in", UNFINISHED), or("machine_action.order_state", "=", OUT)]))
    .where((or) => or.or([or("scheduled_ms", "is", null), or("scheduled_ms", "<=", p.now_ms)]))
    .where("machine.linked", "=", 1)
    .where("machine.node_id", "=", p.node_id)
    .limit(p.limit),
);

const selectMachinesToSend = statement<{ node_id: string; now_ms: number; limit: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .innerJoin("machine", "machine.id", "machine_action.machine_id")
    .select("machine_action.machine_id")
    .where((or) =>
      or.or([
        or.and([or("machine_action.status", "in", UNFINISHED), or("machine_action.order_seq", "is", null)]),
        or.and([or("machine_action.status", "not in", UNFINISHED), or("machine_action.order_state", "=", OUT)]),
      ]),
    )
    .where((or) => or.or([or("scheduled_ms", "is", null), or("scheduled_ms", "<=", p.now_ms)]))
    .where("machine.linked", "=", 1)
    .where("machine.node_id", "=", p.node_id)
    .orderBy("machine_action.seq")
    .limit(p.limit),
);

/** The earlier of the two times. Must have the text of migration 0021, or the index is not used. */
const overdueAtMs = sql<number>`(case when deadline_ms is null or bound_ms < deadline_ms then bound_ms else deadline_ms end)`;

// Most overdue first.
const selectOverdue = statement<{ now_ms: number; limit: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .selectAll()
    .where("status", "in", UNFINISHED)
    .where("holds_place", "in", [WITHOUT_SLOT, WITH_SLOT])
    .where(overdueAtMs, "<=", p.now_ms)
    .orderBy(overdueAtMs)
    .limit(p.limit),
);

const selectWithResults = statement<{ before_ms: number; limit: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .selectAll()
    .where("keeps_results", "=", 1)
    .where("status", "not in", UNFINISHED)
    .where("updated_at_ms", "<", p.before_ms)
    .orderBy("updated_at_ms")
    .limit(p.limit),
);

const selectOldestUnfinished = statement<Record<never, never>>()((db) =>
  db
    .selectFrom("machine_action")
    .select((eb) => eb.fn.min<number | null>("created_at_ms").as("created_at_ms"))
    .where("status", "in", UNFINISHED),
);

const selectOldestOut = statement<Record<never, never>>()((db) =>
  db
    .selectFrom("machine_action")
    .select((eb) => eb.fn.min<number | null>("created_at_ms").as("created_at_ms"))
    .where("order_state", "=", OUT),
);

/** Counts the removal in the transaction that removes the actions: see `settled-counts.ts`. */
const tellRemoved = statement<{ key: string }>()((db, p) =>
  db
    .insertInto("meta")
    .values({ key: p.key, value: "1" })
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet({ value: sql`cast(cast(meta.value as integer) + 1 as text)` }),
    ),
);

const noteSequence = statement<{ value: string }>()((db, p) =>
  db
    .insertInto("meta")
    .values({ key: LAST_REMOVED, value: p.value })
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet((eb) => ({ value: eb.ref("excluded.value") }))
        .where(sql<SqlBool>`cast(meta.value as bigint) < cast(excluded.value as bigint)`),
    ),
);

const removeOld = statement<{ before_ms: number; limit: number }>()((db, p) =>
  db
    .deleteFrom("machine_action")
    .where("seq", "in", (old) =>
      old
        .selectFrom("machine_action")
        .select("seq")
        .where("created_at_ms", "<", p.before_ms)
        .where("keeps_results", "=", 0)
        .where("status", "not in", UNFINISHED)
        .where((or) => or.or([or("order_state", "is", null), or("order_state", "=", "closed")]))
        .orderBy("created_at_ms")
        .limit(p.limit),
    )
    // Checked again on the row itself, because its device may open the order again while this
    // statement waits for the row.
    .where("keeps_results", "=", 0)
    .where((or) => or.or([or("order_state", "is", null), or("order_state", "=", "closed")]))
    .returning(["id", "seq", "machine_id"]),
);

const removeEnds = statement<{ seq: number }>()((db, p) => db.deleteFrom("command_end").where(isOfSequence(p.seq)));

/** For the audit records of the action, which stay: see `administration/audit.ts`. */
const insertRemoved = statement<{ id: string; machine_id: string }>()((db, p) =>
  db
    .insertInto("removed_action")
    .values({ id: p.id, machine_id: p.machine_id })
    .onConflict((conflict) => conflict.doNothing()),
);

const first = (rows: Row[]): MachineAction | undefined => (rows[0] ? fromRow(rows[0]) : undefined);
