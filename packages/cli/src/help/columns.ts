/** Columns of a terminal that a help page uses. */
export const HELP_WIDTH = 100;

export function twoColumns(rows: readonly [string, string][]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.flatMap(([name, text]) =>
    wrap(text, HELP_WIDTH - left).map((line, index) => `${(index === 0 ? `  ${name}` : "").padEnd(left)}${line}`),
  );
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
