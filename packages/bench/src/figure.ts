/** One measured number, with this machine's baseline and the goal. */
export type Unit = "ms" | "/s" | "MB/s" | "MB" | "KB" | "%" | "s" | "us" | "actions" | "calls" | "commits" | "pages";

/** A bound on the value itself, or on its ratio to the floor. */
export type Goal =
  | { atMost: number }
  | { atLeast: number }
  | { below: number }
  | { atMostFloors: number }
  | { atLeastFloors: number };

export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: Unit;
  /**
   * The same work done in the barest way, measured in the same run; null where there is no such
   * thing.
   */
  readonly floor: number | null;
  readonly ratio: number | null;
  /** As people read it; null for a figure that only explains others. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

export interface Measured {
  readonly figure: string;
  readonly value: number;
  readonly unit: Unit;
  readonly floor?: number;
  readonly goals?: readonly Goal[];
}

export function figureOf(bench: string, { figure, value, unit, floor, goals = [] }: Measured): Figure {
  // Rounded before it is judged: what is printed and what is said of it must agree.
  const rounded = round(value);
  const ratio = floor === undefined || floor === 0 ? null : round(rounded / floor);
  return {
    bench,
    figure,
    value: rounded,
    unit,
    floor: floor === undefined ? null : round(floor),
    ratio,
    goal: goals.length === 0 ? null : goals.map((goal) => goalText(goal, unit)).join(", "),
    met: goals.length === 0 ? null : goals.every((goal) => isMet(goal, rounded, ratio)),
  };
}

/** A goal relative to a baseline is not met when the baseline was not measured. */
function isMet(goal: Goal, value: number, ratio: number | null): boolean {
  if ("atMost" in goal) return value <= goal.atMost;
  if ("atLeast" in goal) return value >= goal.atLeast;
  if ("below" in goal) return value < goal.below;
  if ("atMostFloors" in goal) return ratio !== null && ratio <= goal.atMostFloors;
  return ratio !== null && ratio >= goal.atLeastFloors;
}

function goalText(goal: Goal, unit: Unit): string {
  if ("atMost" in goal) return `≤ ${goal.atMost} ${unit}`;
  if ("atLeast" in goal) return `≥ ${goal.atLeast} ${unit}`;
  if ("below" in goal) return `< ${goal.below} ${unit}`;
  if ("atMostFloors" in goal) return `≤ ${goal.atMostFloors} × floor`;
  return `≥ ${goal.atLeastFloors} × floor`;
}

/** Three digits are more than a shared machine repeats. */
export function round(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(Math.min(digits, 6)));
}
