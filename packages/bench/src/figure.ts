/** One measured number, with this machine's baseline and the goal. */
export type Unit = "ms" | "/s" | "MB/s" | "MB" | "KB" | "%" | "s" | "us" | "actions" | "calls" | "commits" | "pages";

/** A bound on the value itself, or on its ratio to the baseline. */
export type Goal =
  | { atMost: number }
  | { atLeast: number }
  | { below: number }
  | { atMostTimesBaseline: number }
  | { atLeastTimesBaseline: number };

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
  readonly baseline?: number;
  readonly goals?: readonly Goal[];
}

export function figureOf(bench: string, { figure, value, unit, baseline, goals = [] }: Measured): Figure {
  // Rounded before it is judged: what is printed and what is said of it must agree.
  const rounded = round(value);
  const ratio = baseline === undefined || baseline === 0 ? null : round(rounded / baseline);
  return {
    bench,
    figure,
    value: rounded,
    unit,
    floor: baseline === undefined ? null : round(baseline),
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
  if ("atMostTimesBaseline" in goal) return ratio !== null && ratio <= goal.atMostTimesBaseline;
  return ratio !== null && ratio >= goal.atLeastTimesBaseline;
}

function goalText(goal: Goal, unit: Unit): string {
  if ("atMost" in goal) return `≤ ${goal.atMost} ${unit}`;
  if ("atLeast" in goal) return `≥ ${goal.atLeast} ${unit}`;
  if ("below" in goal) return `< ${goal.below} ${unit}`;
  if ("atMostTimesBaseline" in goal) return `≤ ${goal.atMostTimesBaseline} × floor`;
  return `≥ ${goal.atLeastTimesBaseline} × floor`;
}

/** Three digits are more than a shared machine repeats. */
export function round(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(Math.min(digits, 6)));
}
