/**
 * Text from a device must not steer the terminal that shows it: it could retitle the window,
 * rewrite what was printed before, or answer into the shell. Threat 1.5.
 */

// ESC [ ... letter: colours and cursor movement.
const CSI = "(?:\\u001b\\[|\\u009b)[0-?]{0,64}[ -/]{0,16}[@-~]";
// ESC ] ... BEL or ESC \: titles, links, clipboard. Without an end it is not a sequence and its ESC
// is shown instead.
const STRING = "(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])\\P{Cc}{0,4096}(?:\\u0007|\\u001b\\\\|\\u009c)";
// ESC and one to three characters: character sets, reset.
const SHORT = "\\u001b[ -/]{0,2}[0-OQ-WYZ`-~]";
const SEQUENCES = new RegExp(`${STRING}|${CSI}|${SHORT}`, "gu");
/**
 * What is left: controls but for tab and line feed, marks that reverse text, and what takes no
 * room: zero-width characters, fillers, tags and variation selectors, in which text can hide. The
 * selector that makes a symbol an emoji stays behind one, and the joiner between two symbols, which
 * makes one emoji of them.
 */
const CONTROLS =
  /(?![\t\n])(?!(?<=\p{Extended_Pictographic})\ufe0f)(?!(?<=\p{Extended_Pictographic}\ufe0f?)\u200d(?=\p{Extended_Pictographic}))[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;

/** Whole sequences are dropped, other controls become visible; line breaks and tabs stay. */
export function harmlessText(text: string): string {
  return text.replace(/\0+$/, "").replaceAll("\r\n", "\n").replace(SEQUENCES, "").replace(CONTROLS, visible);
}

const BEGIN = "\\u001b\\u0080-\\u009f";
/** The last ESC or C1 control begins a sequence; a CR may be half of a line break. */
const BEGINS = new RegExp(`[${BEGIN}](?=[^${BEGIN}\\n]*$)|\\r$`, "u");
const WHOLE_SEQUENCE = new RegExp(`^(?:${STRING}|${CSI}|${SHORT})`, "u");
/** More than any sequence. */
const LONGEST_SEQUENCE = 4_200;

/** Where an unfinished control sequence begins; the end of the text if there is none. */
export function unfinishedFrom(text: string): number {
  const at = text.search(BEGINS);
  if (at < 0 || text.length - at > LONGEST_SEQUENCE) return text.length;
  return WHOLE_SEQUENCE.test(text.slice(at)) ? text.length : at;
}

/** As `harmlessText`, on one line: for cells, names and messages. */
export function harmlessLine(text: string): string {
  return text
    .replace(SEQUENCES, "")
    .replace(CONTROLS, visible)
    .replace(/[\t\n]/g, visible);
}

function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  const point = character.codePointAt(0) ?? code;
  return point > 0xffff ? `\\u{${point.toString(16)}}` : `\\u${point.toString(16).padStart(4, "0")}`;
}

/**
 * JSON in which every control is escaped: JSON.stringify leaves DEL, C1 and the direction marks as
 * they are.
 */
export function harmlessJson(value: unknown): string {
  return escapeControls(JSON.stringify(value, null, 2));
}

/** The same on one line, for documents that follow each other. */
export function harmlessJsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value));
}

function escapeControls(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replace(CONTROLS, (character) => character.split("").map(escaped).join(""));
}
