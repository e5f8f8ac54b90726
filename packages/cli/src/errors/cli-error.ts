import type { ExitName } from "./exit-codes.ts";

/**
 * An error that a person can act on: `message` says what is wrong and what to do. `json` has the
 * members that the document of `--json` contains in addition to `error`.
 */
export class CliError extends Error {
  override readonly name: string = "CliError";
  readonly exit: ExitName;
  readonly code: string;
  readonly json: Record<string, unknown>;

  constructor(
    exit: ExitName,
    code: string,
    message: string,
    options: { cause?: unknown; json?: Record<string, unknown> } = {},
  ) {
    super(message, { cause: options.cause });
    this.exit = exit;
    this.code = code;
    this.json = options.json ?? {};
  }
}

export class UsageError extends CliError {
  override readonly name = "UsageError";

  constructor(message: string) {
    super("usage", "Usage", message);
  }
}

/** Why the command has to stop: the reason of its AbortSignal. */
export class InterruptedError extends CliError {
  override readonly name = "InterruptedError";

  constructor(signal: "SIGINT" | "SIGTERM", message = "Interrupted.", json: Record<string, unknown> = {}) {
    super(signal === "SIGINT" ? "interrupted" : "terminated", "Interrupted", message, { json });
    this.signal = signal;
  }
  readonly signal: "SIGINT" | "SIGTERM";
}
