import { short } from "../link/describe-frame.ts";
import type { ActionRow, SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";

const FINAL: ReadonlySet<string> = new Set(["Succeeded", "Failed", "TimeOut", "Cancelled"]);
/**
 * A deadline fires only when it is still overdue after this long:
 * `service/actions/expire-actions.ts`.
 */
const OVERDUE_FOR_MS = 60_000;

export const isFinalStatus = (status: string): boolean => FINAL.has(status);

/**
 * Longest time from a reached bound to the end of the action. It includes a sweep, its minute, and
 * server crashes in between.
 */
const BOUND_SLACK_MS = 10 * 60_000;

interface Seen {
  row: ActionRow;
  /** When the present deadline and the present bound were set, on a clock that never jumps. */
  deadlineSinceMs: number;
  boundSinceMs: number;
  /** When the row was last written. */
  atMs: number;
  wallMs: number;
  /** How long the action had held a slot by then, and how long its first bound allows. */
  heldMs: number;
  mayHoldMs: number | null;
}

/** Checks every action in the table as soon as a commit has changed it. */
export class ActionLedger {
  readonly #world: World;
  readonly #database: SimDatabase;
  readonly #slots: number;
  readonly #seen = new Map<string, Seen>();
  /** Sessions that have just regained their lost slot, with the time. */
  readonly #returned = new Map<string, number>();

  constructor(world: World, database: SimDatabase, slots: number) {
    this.#world = world;
    this.#database = database;
    this.#slots = slots;
  }

  committed(actionIds: ReadonlySet<string>): void {
    const granted: string[] = [];
    for (const id of actionIds) {
      const row = this.#database.action(id);
      if (!row) continue;
      const before = this.#seen.get(id);
      this.#follow(row, before);
      const holds = this.#holdsSlot(row);
      const held = before !== undefined && this.#holdsSlot(before.row);
      if (holds && !held && before?.row.status === "InProgress") this.#returned.set(id, this.#world.timeline.nowMs);
      else if (holds && !held) granted.push(id);
      this.#seen.set(id, this.#seenNow(row, before));
    }
    this.checkSlots();
    if (actionIds.size === 0) return;
    this.#checkUnfinished(actionIds);
    if (granted.length > 0) this.#checkSlots();
  }

  /** The database was restored. Its present rows are the new baseline. */
  restored(): void {
    for (const [id, seen] of this.#seen) {
      const row = this.#database.action(id);
      if (row) this.#seen.set(id, { ...seen, row });
      else this.#seen.delete(id);
    }
  }

  /** Also called at the end, when nothing is written any more. */
  checkSlots(): void {
    if (!this.#showsTimes) return;
    for (const seen of this.#seen.values()) {
      const heldMs = seen.heldMs + this.#heldSince(seen);
      if (seen.mayHoldMs === null || heldMs <= seen.mayHoldMs + BOUND_SLACK_MS) continue;
      const { id, status } = seen.row;
      this.#world.violated("slotsAreFreed", `action ${id} is ${status} and has held a slot for ${heldMs} ms`);
    }
  }

  #seenNow(row: ActionRow, before: Seen | undefined): Seen {
    const { wallMs } = this.#world;
    const { nowMs } = this.#world.timeline;
    const firstMs = this.#holdsSlot(row) && row.bound_ms !== null ? row.bound_ms - wallMs : null;
    return {
      row,
      deadlineSinceMs: before && before.row.deadline_ms === row.deadline_ms ? before.deadlineSinceMs : nowMs,
      boundSinceMs: before && before.row.bound_ms === row.bound_ms ? before.boundSinceMs : nowMs,
      atMs: nowMs,
      wallMs,
      heldMs: before ? before.heldMs + this.#heldSince(before) : 0,
      mayHoldMs: before?.mayHoldMs ?? firstMs,
    };
  }

  /** How long the action has held a slot since its row was last written. */
  #heldSince({ row, atMs, wallMs }: Seen): number {
    if (isFinalStatus(row.status) || row.holds_place === 0) return 0;
    const sinceMs = this.#world.timeline.nowMs - atMs;
    return row.place_until_ms === null ? sinceMs : Math.min(sinceMs, Math.max(0, row.place_until_ms - wallMs));
  }

  #follow(row: ActionRow, before: Seen | undefined): void {
    const was = before?.row.status;
    this.#checkReleased(row, before);
    if (was === row.status) return;
    this.#world.trace.note("store", `action ${short(row.id)} ${was ?? "is new"} -> ${row.status}`);
    if (was !== undefined && isFinalStatus(was)) {
      this.#world.violated("finalStays", `action ${row.id} was ${was} and became ${row.status}`);
    }
    if (row.status === "TimeOut" && before) this.#checkTimeOut(before);
  }

  /** While the wall clock jumps, the row does not show by which time it was released. */
  #checkReleased(row: ActionRow, before: Seen | undefined): void {
    const atMs = before?.row.scheduled_ms ?? null;
    if (atMs === null || row.scheduled_ms !== null || !this.#showsTimes || atMs <= this.#world.wallMs) return;
    this.#world.violated("notBeforeHolds", `action ${row.id} was released ${atMs - this.#world.wallMs} ms too early`);
  }

  #checkTimeOut({ row, deadlineSinceMs, boundSinceMs }: Seen): void {
    const { wallMs } = this.#world;
    const { nowMs } = this.#world.timeline;
    const waitedMs = nowMs - deadlineSinceMs;
    if (row.deadline_ms !== null && row.deadline_ms <= wallMs && waitedMs >= OVERDUE_FOR_MS) return;
    if (row.bound_ms !== null && row.bound_ms <= wallMs && nowMs - boundSinceMs >= OVERDUE_FOR_MS) {
      this.#checkOverrun(row);
      return;
    }
    this.#world.violated("noEarlyTimeOut", `action ${row.id} timed out ${waitedMs} ms after its deadline was set`);
  }

  /**
   * An action that no device works on also ends by its bound. That must not hide an action that
   * makes no progress.
   */
  #checkOverrun({ id }: ActionRow): void {
    if (this.#world.neverEnding || !this.#showsTimes) return;
    this.#world.violated("boundsSpareTheHonest", `action ${id} was ended by its bound`);
  }

  /**
   * False after a jump of the wall clock, which moves bounds, and after a restore, which loses how
   * long a slot was held.
   */
  get #showsTimes(): boolean {
    return !this.#world.wasRestored && !this.#world.faults.has("server clock jumps");
  }

  #checkUnfinished(changed: ReadonlySet<string>): void {
    const unfinished = new Map<string, string>();
    for (const { row } of this.#seen.values()) {
      // A scheduled action is not the machine's unfinished one.
      if (isFinalStatus(row.status) || row.scheduled_ms !== null) continue;
      const other = unfinished.get(row.machine_id);
      if (other !== undefined && (changed.has(other) || changed.has(row.id))) {
        this.#world.violated("oneUnfinishedAction", `${other} and ${row.id} are both unfinished on one machine`);
      }
      unfinished.set(row.machine_id, row.id);
    }
  }

  /**
   * A running session regains its slot when its device reconnects, even if all slots are in use by
   * then. A session that takes a slot at the same time, on another node or in the same commit,
   * cannot know of it. Sessions that regained a slot at this moment are therefore not counted.
   */
  #checkSlots(): void {
    const { nowMs } = this.#world.timeline;
    const holders = [...this.#seen.values()].filter(
      ({ row }) => this.#holdsSlot(row) && this.#returned.get(row.id) !== nowMs,
    );
    if (holders.length <= this.#slots) return;
    const ids = holders.map(({ row }) => short(row.id)).join(", ");
    this.#world.violated("slotLimitHolds", `${ids} hold places, and there are ${this.#slots}`);
  }

  #holdsSlot(row: ActionRow): boolean {
    if (isFinalStatus(row.status) || row.holds_place === 0) return false;
    return row.place_until_ms === null || row.place_until_ms > this.#world.wallMs;
  }
}
