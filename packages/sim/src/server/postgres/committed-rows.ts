import { isDeepStrictEqual } from "node:util";
import { boundEndsMs, type MachineAction } from "@halligan/server/simulation";
import type { HeldValue } from "../held-value.ts";
import type { ActionRow, AuditRow } from "../sim-database.ts";
import type { StoredRows } from "./table-rows.ts";

/** The writes of one transaction that the invariants need. */
export class Written {
  readonly actions = new Map<string, MachineAction>();
  readonly audit: AuditRow[] = [];
  readonly quarantined = new Set<string>();
  readonly held: HeldValue[] = [];
}

/**
 * The committed content of the database. A commit is included from the time when its result is
 * known.
 */
export class CommittedRows {
  readonly actions = new Map<string, ActionRow>();
  audit: AuditRow[] = [];
  /** With the simulated time at which the commit became known. */
  readonly quarantined = new Map<string, number>();
  readonly #versions = new Map<string, number>();

  /**
   * Adds a commit and returns an error text if it is inconsistent, else null. Each save is a
   * compare and set, so every save must increase the version of an action.
   */
  show({ actions, audit, quarantined }: Written, nowMs: number): string | null {
    let wrong: string | null = null;
    for (const action of actions.values()) {
      const before = this.#versions.get(action.id) ?? -1;
      if (action.version <= before) wrong = `action ${action.id} was saved as ${action.version} after ${before}`;
      this.#versions.set(action.id, action.version);
      this.actions.set(action.id, rowOf(action));
    }
    this.audit.push(...audit);
    for (const machineId of quarantined) {
      if (!this.quarantined.has(machineId)) this.quarantined.set(machineId, nowMs);
    }
    return wrong;
  }

  /** The tables were replaced by a backup. */
  restored(stored: StoredRows, nowMs: number): void {
    this.#versions.clear();
    this.actions.clear();
    for (const row of stored.actions) this.actions.set(row.id, row);
    this.audit = stored.audit;
    this.quarantined.clear();
    for (const machineId of stored.quarantined) this.quarantined.set(machineId, nowMs);
  }

  /** The difference from the tables; null when there is none. */
  difference(stored: StoredRows): string | null {
    const byId = (a: ActionRow, b: ActionRow) => (a.id < b.id ? -1 : 1);
    const texts = (audit: readonly AuditRow[]) =>
      audit.map(({ operation, action_id, detail }) => `${action_id} ${operation} ${detail}`).toSorted();
    const pairs: readonly (readonly [string, unknown, unknown])[] = [
      ["actions", [...this.actions.values()].toSorted(byId), stored.actions.toSorted(byId)],
      ["audit records", texts(this.audit), texts(stored.audit)],
      ["machines in quarantine", [...this.quarantined.keys()].toSorted(), stored.quarantined.toSorted()],
    ];
    const wrong = pairs.find(([, shown, found]) => !isDeepStrictEqual(shown, found));
    return wrong ? `${wrong[0]}: heard of ${JSON.stringify(wrong[1])}, stored ${JSON.stringify(wrong[2])}` : null;
  }
}

/** The row with the number types of the tables. */
export const rowOf = (action: MachineAction): ActionRow => ({
  id: action.id,
  machine_id: action.machineId,
  status: action.status,
  deadline_ms: action.deadlineMs,
  order_seq: action.order?.orderSeq ?? null,
  order_state: action.order?.state ?? null,
  holds_place: action.slot.held ? 1 : 0,
  place_until_ms: action.slot.held ? action.slot.untilMs : null,
  bound_ms: action.bound && boundEndsMs(action.bound),
  scheduled_ms: action.scheduledMs,
  commands: JSON.stringify(action.commands),
});
