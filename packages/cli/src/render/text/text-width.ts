import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a terminal that a line takes: wide characters take two, combining marks none. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/**
 * At most `width` columns, with an ellipsis where something was cut. A character and its marks stay
 * together.
 */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += textWidth(segment);
    if (used > width - 1) break;
    cut += segment;
  }
  return width < 1 ? "" : `${cut}…`;
}

/** Lines of at most `width` columns, broken at blanks. A longer word has a line of its own. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

export function padToWidth(text: string, width: number, align?: "right"): string {
  const padding = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "right" ? `${padding}${text}` : `${text}${padding}`;
}
