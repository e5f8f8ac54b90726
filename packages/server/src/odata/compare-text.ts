/**
 * Negative, zero or positive: the comparison of SQLite's BINARY and PostgreSQL's "C", by code
 * points. JavaScript's `<` compares UTF-16 units and puts U+1F600 before U+FF5E. Both texts must be
 * well-formed.
 */
export function compareText(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/**
 * Surrogates represent the highest code points, but U+E000 to U+FFFF are the larger units. So the
 * two ranges are swapped.
 */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Only ASCII letters, like `lower` in both dialects for the columns of this store. */
export const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
