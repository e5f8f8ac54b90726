/**
 * A header's value such as `form-data; name="x"`: its type in lower case, and its parameters in the
 * order they stand.
 */
export interface ParameterizedHeader {
  readonly type: string;
  /** Names in lower case. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const TYPE = /^[ \t]*([^;\s]+)[ \t]*/y;
/**
 * A value is quoted, or runs to the next `;`: clients leave characters unquoted that RFC 9110 wants
 * quoted, such as the `=` of a boundary. White space around an unquoted value is cut off
 * afterwards: two repetitions that both take it would try every division of it, and one header of
 * 16 KiB would stop the server for hours.
 */
const PARAMETER = /;[ \t]*(?:([^=;\s"]+)[ \t]*=(?:[ \t]*"((?:[^"\\]|\\[\s\S])*)"[ \t]*|([^;"]*)))?(?=;|$)/y;

/** Null when it has no such form. */
export function parseHeaderParameters(text: string): ParameterizedHeader | null {
  TYPE.lastIndex = 0;
  const [typed, type] = TYPE.exec(text) ?? [];
  if (typed === undefined || type === undefined) return null;
  const parameters: (readonly [string, string])[] = [];
  for (let at = typed.length; at < text.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const [found, name, quoted, bare] = PARAMETER.exec(text) ?? [];
    if (found === undefined) return null;
    // A semicolon with nothing after it is taken, as most readers do.
    if (name !== undefined)
      parameters.push([name.toLowerCase(), quoted === undefined ? withoutBlanks(bare ?? "") : unescaped(quoted)]);
  }
  return { type: type.toLowerCase(), parameters };
}

/** Spaces and tabs only, as in the grammar. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

const isBlank = (character: string | undefined): boolean => character === " " || character === "\t";

/**
 * Only a quote and a backslash are ever escaped; a path of Windows is written without escapes by
 * some.
 */
const unescaped = (quoted: string): string => quoted.replace(/\\(["\\])/g, "$1");

/** The value of a parameter; null when there is none, undefined when there are several. */
export function parameterOf({ parameters }: ParameterizedHeader, name: string): string | null | undefined {
  const values = parameters.filter(([given]) => given === name).map(([, value]) => value);
  return values.length > 1 ? undefined : (values[0] ?? null);
}
