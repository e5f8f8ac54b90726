/** The candidate a typing mistake away from `typed`, or null. */
export function suggest(typed: string, candidates: readonly string[]): string | null {
  const wanted = typed.toLowerCase();
  let best: { name: string; distance: number } | null = null;
  for (const name of candidates) {
    const candidate = name.toLowerCase();
    const distance =
      wanted.length >= 3 && candidate.startsWith(wanted)
        ? 1
        : editDistance(wanted.slice(0, 64), candidate.slice(0, 64));
    if (best === null || distance < best.distance) best = { name, distance };
  }
  return best !== null && best.distance <= Math.max(1, Math.floor(typed.length / 3)) ? best.name : null;
}

export function didYouMean(typed: string, candidates: readonly string[], prefix = ""): string {
  const name = suggest(typed, candidates);
  return name === null ? "" : ` Did you mean "${prefix}${name}"?`;
}

/** Letters left out, added, replaced, or swapped with their neighbour count one each. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (beforePrevious[j - 2] ?? 0) + 1 : replaced;
      current.push(Math.min(replaced, swapped, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
