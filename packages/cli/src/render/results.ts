import type { CommandResult } from "../actions/collect-results.ts";
import type { Environment } from "../environment.ts";
import { harmlessLine, harmlessText } from "./harmless.ts";
import { formatBytes } from "./units.ts";

/**
 * What a script wrote goes where it would have gone here: its output to standard output, its errors to standard error.
 * On a terminal made harmless; into a pipe or a file byte for byte, since there it is data.
 */
export function renderResults(
  results: readonly CommandResult[],
  { stdout, stderr }: Environment,
): { text: string; notes: string } {
  let text = "";
  let notes = "";
  for (const result of results) {
    if (result.type === "RunScript") {
      text += stdout.isTTY ? endWithLineBreak(harmlessText(result.output)) : result.output;
      notes += stderr.isTTY ? endWithLineBreak(harmlessText(result.errors)) : result.errors;
      if (stderr.isTTY) notes += `${harmlessLine(result.scriptName)} ended with exit code ${result.exitCode}\n`;
    } else {
      const { savedAs, sizeBytes, sha256 } = result;
      const line = `${harmlessLine(savedAs ?? result.path)}  ${formatBytes(sizeBytes)}  SHA-256 ${sha256}\n`;
      // With `-o -` standard output is the file itself; beside a script's output it would mix with it.
      if (savedAs === null || results.some(({ type }) => type === "RunScript")) notes += line;
      else text += line;
    }
  }
  return { text, notes };
}

function endWithLineBreak(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
