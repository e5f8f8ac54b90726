import type { SeededRandom } from "../torture/seeded-random.ts";

/** Part of every path-like text of the fuzzer: no file of that name may ever be anywhere. */
export const MARKER = "hlgfuzz";

/**
 * Texts that became paths, markup, log lines, queries or prototypes in systems of this kind
 * (threats 1.1 to 1.9).
 */
const TEXTS: readonly string[] = [
  "",
  " ",
  ".",
  "..",
  "/",
  "\\",
  `../../../../tmp/${MARKER}`,
  `..\\..\\${MARKER}.txt`,
  `/tmp/${MARKER}`,
  `/etc/${MARKER}\0.txt`,
  `C:\\Windows\\${MARKER}`,
  `\\\\server\\share\\${MARKER}`,
  `%2e%2e%2f${MARKER}`,
  `${MARKER}/../..`,
  `....//${MARKER}`,
  `${MARKER}. `,
  "CON",
  "NUL.txt",
  "aux",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "\0",
  "a\0b",
  "\u0001\u0002\u001b[2J\u001b]0;owned\u0007",
  '\r\n{"level":50,"msg":"forged"}\r\n',
  "\u2028\u2029\u0085",
  "\ud800",
  "\udfff\ud800",
  "\ufeff",
  "\u202e txt.exe",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'; drop table machine; --",
  "' or 1=1 --",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to look like one
  "${jndi:ldap://127.0.0.1/x}",
  "{{7*7}}",
  "$(id)",
  "`id`",
  "=cmd|' /C calc'!A0",
  "%s%s%s%n",
  "NaN",
  "null",
  "undefined",
  "true",
  "1e400",
  "-0",
  "é".repeat(100),
  "😀".repeat(64),
  "A".repeat(256),
  "A".repeat(2_001),
  "A".repeat(70_000),
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.5,
  999,
  1_000,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  5e-324,
];

/** Small ones far more often: it is the number of frames that finds things. */
export function strangeText(random: SeededRandom): string {
  const text = random.pickAny(TEXTS) ?? "";
  return text.length > 300 && !random.chance(0.1) ? text.slice(0, 40) : text;
}

/** As a part of a path or query; a lone surrogate cannot be encoded. */
export const inUrl = (text: string): string => encodeURIComponent(text.toWellFormed());

export function strangeValue(random: SeededRandom): unknown {
  switch (random.between(0, 9)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
    case 3:
      return random.pickAny(NUMBERS);
    case 4:
      return [];
    case 5:
      return {};
    case 6:
      return [strangeText(random), random.pickAny(NUMBERS), null];
    case 7:
      return nested(random.pick([2, 30, 500]));
    default:
      return strangeText(random);
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}
