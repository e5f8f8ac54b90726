/**
 * Splits the one opaque string of arguments into the words that the script sees as `$@`.
 *
 * The rule is a shell's for words and quotes, and nothing else of a shell: no variables, no globs,
 * no operators.
 * - Spaces, tabs and line ends separate words.
 * - Between single quotes everything is literal.
 * - Between double quotes a backslash escapes `"`, `\`, `$`, `` ` `` and a line end (which then
 *   vanishes); before anything else it is literal.
 * - Outside quotes a backslash makes the next character literal; as the last character it stands
 *   for itself.
 * - A quote that is never closed is an ordinary character: an apostrophe in a word must not make
 *   the command fail.
 *
 * With `backslash: "literal"` (PowerShell, whose paths are full of them) a backslash is an ordinary
 * character everywhere.
 */
export function splitArgs(text: string, backslash: "escape" | "literal" = "escape"): string[] {
  const escapes = backslash === "escape";
  const words: string[] = [];
  let word = "";
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (SEPARATORS.has(c)) {
      if (inWord) words.push(word);
      word = "";
      inWord = false;
      continue;
    }
    if (c === "\\" && escapes && text.charAt(at + 1) === "\n") {
      at++;
      continue;
    }
    inWord = true;
    if (c === "'" || c === '"') {
      const quoted = c === "'" ? singleQuoted(text, at) : doubleQuoted(text, at, escapes);
      word += quoted ? quoted.text : c;
      at = quoted ? quoted.endsAt : at;
    } else if (c === "\\" && escapes && at + 1 < text.length) {
      at++;
      word += text.charAt(at);
    } else {
      word += c;
    }
  }
  if (inWord) words.push(word);
  return words;
}

const SEPARATORS: ReadonlySet<string> = new Set([" ", "\t", "\n", "\r"]);
const ESCAPED_IN_DOUBLE_QUOTES: ReadonlySet<string> = new Set(['"', "\\", "$", "`"]);

interface Quoted {
  text: string;
  endsAt: number;
}

function singleQuoted(text: string, opensAt: number): Quoted | null {
  const endsAt = text.indexOf("'", opensAt + 1);
  return endsAt === -1 ? null : { text: text.slice(opensAt + 1, endsAt), endsAt };
}

function doubleQuoted(text: string, opensAt: number, escapes: boolean): Quoted | null {
  let inside = "";
  for (let at = opensAt + 1; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '"') return { text: inside, endsAt: at };
    const next = text.charAt(at + 1);
    if (c === "\\" && escapes && (ESCAPED_IN_DOUBLE_QUOTES.has(next) || next === "\n")) {
      at++;
      if (next !== "\n") inside += next;
    } else {
      inside += c;
    }
  }
  return null;
}
