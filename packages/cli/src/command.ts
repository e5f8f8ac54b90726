import type { HalliganClient } from "@halligan/protocol/client";
import type { Arguments, OptionSpecs } from "./arguments/arguments.ts";
import type { Environment } from "./environment.ts";
import type { Progress } from "./render/progress/progress.ts";

/** The result of a command. One of its two outputs is printed. */
export interface Outcome {
  /** The document of `--json`. */
  json: Record<string, unknown>;
  /**
   * For people, on standard output; from our own renderers, so device text in it is already made
   * harmless.
   */
  text?: string | Uint8Array;
  /** For people, on standard error. */
  notes?: string | Uint8Array;
  exitCode?: number;
  /** `emit` has already written all documents, so `json` is not printed. */
  isStreamed?: true;
}

export interface CommandContext {
  args: Arguments;
  env: Environment;
  isJson: boolean;
  /** Aborted with `InterruptedError` on Ctrl+C and SIGTERM. */
  signal: AbortSignal;
  progress: Progress;
  /** A line for the person at a terminal or in a log; on standard error, not with `--json`. */
  note(text: string): void;
  /**
   * For commands that run on: writes one document to standard output at once, with `--json` on one
   * line. Waits when the reader is slower.
   */
  emit(document: Record<string, unknown>, text: string): Promise<void>;
  /** The API with the chosen profile's credentials. Throws CliError `configuration`. */
  connect(): Promise<HalliganClient>;
}

/** A command without its name: what its own file says. */
export interface CommandDefinition {
  /** After the name: `MACHINE SCRIPT [-- ARGS...]`. */
  usage: string;
  /** Paragraphs of the help. */
  details?: readonly string[];
  options: OptionSpecs;
  /** Least and most positional arguments. */
  positionals: { min: number; max: number };
  /** The permissions that it needs in all, shown when one of them is missing. */
  permissions?: string;
  /** Whether arguments after `--` are passed on to another program. */
  mayPassOn?: boolean;
  examples: readonly string[];
  /** The shape of `--json`'s document, as a line. */
  jsonShape: string;
  run(context: CommandContext): Promise<Outcome>;
}

export interface Command extends CommandDefinition {
  /** One or two words: `run`, `library add`. */
  name: string;
  summary: string;
}
