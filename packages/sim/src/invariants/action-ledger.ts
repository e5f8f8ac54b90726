import { short } from "../link/describe-frame.ts";
import type { ActionRow, SimDatabase } from "../server/sim-database.ts";
import type { World } from "../world/world.ts";

const FINAL: ReadonlySet<string> = new Set(["Succeeded", "Failed", "TimeOut", "Cancelled"]);
/** A deadline fires only when it is still overdue after this long: `service/expire-actions.ts`. */
const OVERDUE_FOR_MS = 60_000;

export const isFinalStatus = (status: string): boolean => FINAL.has(status);

interface Seen {
  row: ActionRow;
  /** When the present deadline was first there, by time that never jumps. */
  deadlineSinceMs: number;
}

/** Looks at every action as soon as a commit has changed it, in the table itself. */
export class ActionLedger {
  readonly #world: World;
  readonly #database: SimDatabase;
  readonly #places: number;
  readonly #seen = new Map<string, Seen>();
  /** Sessions that have just got back the place that they had lost, with when. */
  readonly #returned = new Map<string, number>();

  constructor(world: World, database: SimDatabase, places: number) {
    this.#world = world;
    this.#database = database;
    this.#places = places;
  }

  committed(actionIds: ReadonlySet<string>): void {
    const granted: string[] = [];
    for (const id of actionIds) {
      const row = this.#database.action(id);
      if (!row) continue;
      const before = this.#seen.get(id);
      this.#follow(row, before);
      const holds = this.#holdsPlace(row);
      const held = before !== undefined && this.#holdsPlace(before.row);
      if (holds && !held && before?.row.status === "InProgress") this.#returned.set(id, this.#world.timeline.nowMs);
      else if (holds && !held) granted.push(id);
      const sameDeadline = before?.row.deadline_ms === row.deadline_ms;
      const deadlineSinceMs = sameDeadline ? before.deadlineSinceMs : this.#world.timeline.nowMs;
      this.#seen.set(id, { row, deadlineSinceMs });
    }
    if (actionIds.size === 0) return;
    this.#checkUnfinished(actionIds);
    if (granted.length > 0) this.#checkPlaces();
  }

  /** The table is an earlier one again: what it had then is what is known. */
  restored(): void {
    for (const [id, { deadlineSinceMs }] of this.#seen) {
      const row = this.#database.action(id);
      if (row) this.#seen.set(id, { row, deadlineSinceMs });
      else this.#seen.delete(id);
    }
  }

  #follow(row: ActionRow, before: Seen | undefined): void {
    const was = before?.row.status;
    if (was === row.status) return;
    this.#world.trace.note("store", `action ${short(row.id)} ${was ?? "is new"} -> ${row.status}`);
    if (was !== undefined && isFinalStatus(was)) {
      this.#world.violated("finalStays", `action ${row.id} was ${was} and became ${row.status}`);
    }
    if (row.status === "TimeOut" && before) this.#checkTimeOut(before);
  }

  #checkTimeOut({ row, deadlineSinceMs }: Seen): void {
    const waitedMs = this.#world.timeline.nowMs - deadlineSinceMs;
    if (row.deadline_ms !== null && row.deadline_ms <= this.#world.wallMs && waitedMs >= OVERDUE_FOR_MS) return;
    this.#world.violated("noEarlyTimeOut", `action ${row.id} timed out ${waitedMs} ms after its deadline was set`);
  }

  #checkUnfinished(changed: ReadonlySet<string>): void {
    const unfinished = new Map<string, string>();
    for (const { row } of this.#seen.values()) {
      if (isFinalStatus(row.status)) continue;
      const other = unfinished.get(row.machine_id);
      if (other !== undefined && (changed.has(other) || changed.has(row.id))) {
        this.#world.violated("oneUnfinishedAction", `${other} and ${row.id} are both unfinished on one machine`);
      }
      unfinished.set(row.machine_id, row.id);
    }
  }

  /**
   * A session that still runs on a device that came back has its place again, even when all were given away meanwhile; and whoever takes one
   * at that moment, on another node or in the same commit, does not know of it.
   */
  #checkPlaces(): void {
    const { nowMs } = this.#world.timeline;
    const holders = [...this.#seen.values()].filter(
      ({ row }) => this.#holdsPlace(row) && this.#returned.get(row.id) !== nowMs,
    );
    if (holders.length <= this.#places) return;
    const ids = holders.map(({ row }) => short(row.id)).join(", ");
    this.#world.violated("placesHold", `${ids} hold places, and there are ${this.#places}`);
  }

  #holdsPlace(row: ActionRow): boolean {
    if (isFinalStatus(row.status) || row.holds_place === 0) return false;
    return row.place_until_ms === null || row.place_until_ms > this.#world.wallMs;
  }
}
