import type { Arguments, OptionSpecs } from "../arguments/arguments.ts";
import type { CommandContext } from "../command.ts";
import { DEFAULT_MAX_SIZE_BYTES } from "../download/download-file.ts";
import { UsageError } from "../errors/cli-error.ts";
import { parseSize } from "../render/text/units.ts";

export const COMMENT_OPTION = {
  comment: { type: "string", placeholder: "TEXT", help: "why, for the record" },
} as const satisfies OptionSpecs;

export const WAIT_OPTIONS = {
  timeout: { type: "string", placeholder: "SECONDS", help: "wait no longer; the action goes on (default: no limit)" },
} as const satisfies OptionSpecs;

export const START_OPTIONS = {
  ...COMMENT_OPTION,
  ...WAIT_OPTIONS,
  "no-wait": { type: "boolean", help: "only start it; its id goes to standard output" },
} as const satisfies OptionSpecs;

const READS =
  "Machine.Read.All or Machine.ReadWrite.All for a machine that is not given by its id, and to wait for the end";

/** `ownContent`: which of its content needs the permission to add to the library; null for none. */
export const permissionsToStart = (ownContent: string | null): string =>
  `In all it needs: Machine.LiveResponse; ${ownContent === null ? "" : `Library.Manage ${ownContent}; `}${READS}.`;

export const SAVE_OPTIONS = {
  output: { type: "string", short: "o", placeholder: "FILE", help: "where to save: a file or a folder" },
  force: { type: "boolean", help: "replace a file that is there" },
  "max-size": { type: "string", placeholder: "SIZE", help: "largest file to keep, such as 500M (default 16G)" },
} as const satisfies OptionSpecs;

export const RAW_OPTION = {
  raw: { type: "boolean", help: "write the script's exact bytes, without notes of the agent and not made harmless" },
} as const satisfies OptionSpecs;

export function wantsRaw({ args, isJson }: Pick<CommandContext, "args" | "isJson">): boolean {
  if (!args.flag("raw")) return false;
  if (isJson)
    throw new UsageError(
      "--json has the exact bytes in streams.stdout.base64 where they are not UTF-8; leave --raw out.",
    );
  return true;
}

export const LIVE_OPTION = {
  live: { type: "boolean", help: "with --json: also the output as it comes, one document on each line" },
} as const satisfies OptionSpecs;

/** What {@link LIVE_OPTION} adds to the shape of a command's document. */
export const LIVE_SHAPE =
  '; with --live the documents of attach, then {event: "result", ...} with this, each on one line';

export function wantsLive({ args, isJson }: Pick<CommandContext, "args" | "isJson">): boolean {
  if (!args.flag("live")) return false;
  if (!isJson) throw new UsageError("--live goes with --json; without it the output is printed as it comes.");
  if (args.flag("no-wait")) throw new UsageError("--live waits for the end of the action; leave --no-wait out.");
  return true;
}

export const INTERRUPT_OPTION = {
  "on-interrupt": {
    type: "string",
    placeholder: "WHAT",
    help: "what Ctrl+C does: detach (default, the action goes on) or cancel (the action too)",
  },
} as const satisfies OptionSpecs;

export function cancelsOnInterrupt(args: Arguments): boolean {
  const what = args.text("on-interrupt") ?? "detach";
  if (what !== "detach" && what !== "cancel") {
    throw new UsageError(`--on-interrupt takes detach or cancel, not "${what}".`);
  }
  return what === "cancel";
}

const LONGEST_TIMEOUT_SECONDS = 14 * 86_400;

export function timeoutMs(args: Arguments): number | null {
  const seconds = args.integer("timeout", { min: 1, max: LONGEST_TIMEOUT_SECONDS });
  return seconds === undefined ? null : seconds * 1_000;
}

export function maxSizeBytes(args: Arguments): number {
  const text = args.text("max-size");
  if (text === undefined) return DEFAULT_MAX_SIZE_BYTES;
  const size = parseSize(text);
  if (size === null) throw new UsageError(`--max-size takes a size such as 500M or 16G, not "${text}".`);
  return size;
}

/** A positional argument whose presence the command's declared count has already checked. */
export function positional(args: Arguments, index: number): string {
  const value = args.positionals[index];
  if (value === undefined) throw new Error(`Positional argument ${index} is missing`);
  return value;
}
