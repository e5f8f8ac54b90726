import type { OutputFactsWire } from "@halligan/protocol/api";
import type { ArchiveSummary } from "../../download/archive-summary.ts";
import type { Environment } from "../../environment.ts";
import { harmlessLine, harmlessText } from "../../render/text/harmless.ts";
import { formatBytes } from "../../render/text/units.ts";
import type { CommandResult, ScriptResult } from "./collect-results.ts";
import type { LiveOutput } from "./live-output.ts";

export interface RenderedResults {
  /** For standard output. */
  text: Uint8Array;
  /** For standard error. */
  notes: Uint8Array;
}

/**
 * Writes the script's output to standard output and its errors to standard error. On a terminal,
 * control sequences are removed. In a pipe or a file, the text is data and stays unchanged.
 * `isRaw`: always the bytes that the script wrote, without the agent's notes.
 */
export function renderResults(
  results: readonly CommandResult[],
  { stdout, stderr }: Pick<Environment, "stdout" | "stderr">,
  isRaw: boolean,
): RenderedResults {
  const text: Uint8Array[] = [];
  const notes: Uint8Array[] = [];
  for (const result of results) {
    if (result.type === "RunScript") {
      text.push(isRaw ? exactOutput(result, "stdout") : shown(result.output, stdout.isTTY));
      notes.push(isRaw ? exactOutput(result, "stderr") : shown(result.errors, stderr.isTTY));
      if (stderr.isTTY) {
        notes.push(Buffer.from(`${harmlessLine(result.scriptName)} ended with exit code ${result.exitCode}\n`));
      }
    } else {
      const { savedAs, sizeBytes, sha256 } = result;
      const line = Buffer.from(
        `${harmlessLine(savedAs ?? result.path)}  ${formatBytes(sizeBytes)}  SHA-256 ${sha256}\n`,
      );
      // With `-o -`, standard output is the file itself, so a script's output must not be mixed
      // into it.
      if (savedAs === null || results.some(({ type }) => type === "RunScript")) notes.push(line);
      else text.push(line);
      if (result.archive !== undefined) notes.push(Buffer.from(archiveNote(result.archive)));
    }
  }
  return { text: Buffer.concat(text), notes: Buffer.concat(notes) };
}

/** For standard error. */
function archiveNote(archive: ArchiveSummary | null): string {
  if (archive === null) return "The manifest of the archive has no end: the archive is not complete.\n";
  const { entries, files, bytes, errors, truncated, failed } = archive;
  const cut = truncated === null ? "" : `, cut at ${truncated}`;
  const head = `${files} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}, ${errors} of ${entries} ${entries === 1 ? "entry" : "entries"} with an error${cut}\n`;
  return head + failed.map(({ path, error }) => `  ${harmlessLine(path)}: ${harmlessLine(error)}\n`).join("");
}

function shown(text: string, isTerminal: boolean | undefined): Uint8Array {
  return Buffer.from(isTerminal ? endWithLineBreak(harmlessText(text)) : text);
}

export function exactOutput(result: ScriptResult, name: "stdout" | "stderr"): Uint8Array {
  const facts: OutputFactsWire | undefined = result.streams?.[name];
  if (facts?.base64 !== undefined) return Buffer.from(facts.base64, "base64");
  return Buffer.from(name === "stdout" ? result.output : result.errors).subarray(0, facts?.textBytes);
}

function endWithLineBreak(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** Prints what the stream did not bring, from the transcripts, at the byte where it stopped. */
export async function printRest(live: LiveOutput, results: readonly CommandResult[]): Promise<void> {
  for (const result of results) {
    if (result.type !== "RunScript" || live.watched(result.index) !== null) continue;
    await live.printRest(result.index, "stdout", storedBytes(result, "stdout"));
    await live.printRest(result.index, "stderr", storedBytes(result, "stderr"));
  }
  await live.finish();
}

/** As the stream would have brought them: the script's bytes, and after them the agent's notes. */
function storedBytes(result: ScriptResult, stream: "stdout" | "stderr"): Uint8Array {
  const text = stream === "stdout" ? result.output : result.errors;
  const isBinary = result.streams?.[stream]?.base64 !== undefined;
  if (!isBinary) return Buffer.from(text);
  const exact = exactOutput(result, stream);
  const shown = new TextDecoder("utf-8", { ignoreBOM: true }).decode(exact);
  return Buffer.concat([exact, Buffer.from(text.slice(shown.length))]);
}
