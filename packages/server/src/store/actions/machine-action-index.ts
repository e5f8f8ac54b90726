import type { MachineActionField } from "../../odata/entities/machine-action-fields.ts";
import type { Filter } from "../../odata/filter.ts";
import type { SortTerm } from "../../odata/sort.ts";
import { equalityOf } from "../lists/join-equalities.ts";

/** Fields with an index, the most selective first. */
const BY_SELECTIVITY: readonly MachineActionField[] = ["id", "machineId", "requestor", "status"];
const CREATED: MachineActionField = "creationDateTimeUtc";
const UNFINISHED_STATUSES: ReadonlySet<unknown> = new Set(["Pending", "InProgress"]);

/** The index that SQLite uses. */
export interface IndexChoice {
  /** Fields whose conditions are only checked and not searched by index. */
  readonly unindexed: ReadonlySet<string>;
  /**
   * Conditions on the creation time, from which bounds of the sequence follow: see
   * `sequenceBounds`.
   */
  readonly bounding: readonly Extract<Filter, { kind: "compare" }>[];
  /** The index of unfinished actions holds every action that meets the filter. */
  readonly isUnfinished: boolean;
}

/**
 * SQLite has no statistics here and treats all equalities as equally selective. With `status eq
 * 'Succeeded'` and two machines it used the status index: 340 ms against 0.5 ms for the index of
 * the machines (1,000,000 actions). So the index is chosen here. `sort`: null when only
 * counting.
 */
export function chooseIndex(filter: Filter, sort: readonly SortTerm[] | null): IndexChoice {
  const conditions = conjuncts(filter);
  const equal = new Set(
    // The index of a field without letter case is over its text in lower case.
    conditions.map(equalityOf).flatMap((found) => (found ? [found.operand.field] : [])),
  );
  const best = BY_SELECTIVITY.find((field) => equal.has(field));
  const created = conditions.filter(isCreationTime);
  const unindexed = new Set<string>(best ? BY_SELECTIVITY.filter((field) => field !== best) : []);
  // Read along the creation time, a list needs no sort and ends with its page. A count reads the
  // index of the status, which contains the creation time.
  if (best === "status" && sort?.[0]?.field === CREATED) unindexed.add("status");
  const few = best === "id" || best === "machineId";
  const isBounded = sort === null ? best === "status" : sort.length === 0 && !few;
  return { unindexed, bounding: isBounded ? created : [], isUnfinished: isUnfinishedOnly(conditions) };
}

/** Whether one of the conditions admits only statuses that are not final. */
function isUnfinishedOnly(conditions: readonly Filter[]): boolean {
  return conditions.some((condition) => {
    const found = equalityOf(condition);
    return found?.operand.field === "status" && found.values.every((value) => UNFINISHED_STATUSES.has(value));
  });
}

function conjuncts(filter: Filter): readonly Filter[] {
  return filter.kind === "and" ? filter.operands.flatMap(conjuncts) : [filter];
}

function isCreationTime(filter: Filter): filter is Extract<Filter, { kind: "compare" }> {
  return filter.kind === "compare" && filter.operand.field === CREATED && filter.operator !== "ne";
}
