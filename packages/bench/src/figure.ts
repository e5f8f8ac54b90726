/** One measured number, with this machine's baseline and the goal. */
export type Unit =
  | "ms"
  | "/s"
  | "MB/s"
  | "MB"
  | "KB"
  | "%"
  | "s"
  | "us"
  | "actions"
  | "calls"
  | "commits"
  | "pages"
  | "round trips"
  | "times";

/** A bound on the value itself, or on its ratio to the baseline. */
export interface Goal {
  readonly kind: "atMost" | "atLeast" | "below" | "atMostTimesBaseline" | "atLeastTimesBaseline";
  readonly limit: number;
}

export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: Unit;
  /**
   * The baseline: the same work with the least overhead, measured in the same run. Null without a
   * baseline.
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
  // Rounded before it is compared with its goals, so that the printed value and verdict agree.
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
function isMet({ kind, limit }: Goal, value: number, ratio: number | null): boolean {
  switch (kind) {
    case "atMost":
      return value <= limit;
    case "atLeast":
      return value >= limit;
    case "below":
      return value < limit;
    case "atMostTimesBaseline":
      return ratio !== null && ratio <= limit;
    case "atLeastTimesBaseline":
      return ratio !== null && ratio >= limit;
  }
}

function goalText({ kind, limit }: Goal, unit: Unit): string {
  switch (kind) {
    case "atMost":
      return `≤ ${limit} ${unit}`;
    case "atLeast":
      return `≥ ${limit} ${unit}`;
    case "below":
      return `< ${limit} ${unit}`;
    case "atMostTimesBaseline":
      return `≤ ${limit} × floor`;
    case "atLeastTimesBaseline":
      return `≥ ${limit} × floor`;
  }
}

/** Three digits are more than a shared machine repeats. */
export function round(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(Math.min(digits, 6)));
}
