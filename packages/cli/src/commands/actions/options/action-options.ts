import { type ActionOptions, DEVICE_USER_PATTERN } from "@halligan/protocol/api";
import { isoTimeMs } from "@halligan/protocol/text";
import { systemClock } from "@halligan/protocol/time";
import type { Arguments, OptionSpecs } from "../../../arguments/arguments.ts";
import { UsageError } from "../../../errors/cli-error.ts";
import { parseDuration, parseSize } from "../../../render/text/units.ts";

/** Of every start. The server refuses what is above its maxima. */
export const QUEUE_OPTIONS = {
  expires: {
    type: "string",
    placeholder: "DURATION",
    help: "give up, as TimeOut, if it has not started by then: 2h, 7d",
  },
  "not-before": { type: "string", placeholder: "TIME", help: "do not start before: 2026-11-28T22:00Z, or in 90s, 2h" },
} as const satisfies OptionSpecs;

/** Of a start with a script. */
export const SCRIPT_OPTIONS = {
  "timeout-script": { type: "string", placeholder: "DURATION", help: "end the script after this time: 90s, 15m" },
  "output-limit": {
    type: "string",
    placeholder: "SIZE",
    help: "keep this much of its output, and of its errors: 20MB",
  },
  as: {
    type: "string",
    placeholder: "USER",
    help: "run the script as this user of the device, with its groups and environment (Linux)",
  },
  "keep-processes": { type: "boolean", help: "do not end processes that the script leaves behind" },
} as const satisfies OptionSpecs;

/** Undefined when none was given. Throws UsageError for a value that is none. */
export function queueOptions(args: Arguments): ActionOptions | undefined {
  const queueTimeoutMs = durationMs(args, "expires");
  const notBefore = startTime(args, "not-before");
  return orNone({
    ...(queueTimeoutMs !== undefined && { queueTimeoutMs }),
    ...(notBefore !== undefined && { notBefore }),
  });
}

/** The same of a start with a script. */
export function scriptOptions(args: Arguments): ActionOptions | undefined {
  const scriptTimeoutMs = durationMs(args, "timeout-script");
  const outputLimitBytes = sizeBytes(args, "output-limit");
  const runAs = deviceUser(args, "as");
  return orNone({
    ...queueOptions(args),
    ...(runAs !== undefined && { runAs }),
    ...(scriptTimeoutMs !== undefined && { scriptTimeoutMs }),
    ...(outputLimitBytes !== undefined && { outputLimitBytes }),
    ...(args.flag("keep-processes") && { keepProcesses: true }),
  });
}

const orNone = (options: ActionOptions): ActionOptions | undefined =>
  Object.keys(options).length > 0 ? options : undefined;

function durationMs(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds !== null && seconds >= 1) return seconds * 1_000;
  throw new UsageError(`--${name} takes a time such as 90s, 15m, 2h or 7d, not "${text}".`);
}

/** A time with its zone, or a time from now by the clock of this computer. */
function startTime(args: Arguments, name: string): string | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds !== null) return new Date(systemClock.nowMs() + seconds * 1_000).toISOString();
  const atMs = isoTimeMs(text);
  if (atMs !== null) return new Date(atMs).toISOString();
  throw new UsageError(`--${name} takes a time such as 2026-11-28T22:00Z, or one from now such as 2h, not "${text}".`);
}

const USER_NAME = new RegExp(DEVICE_USER_PATTERN);

/** The server would refuse it as well; this says what to write. */
function deviceUser(args: Arguments, name: string): string | undefined {
  const text = args.text(name);
  if (text === undefined || USER_NAME.test(text)) return text;
  throw new UsageError(`--${name} takes the name of a user of the device such as www-data, not "${text}".`);
}

function sizeBytes(args: Arguments, name: string): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const size = parseSize(text);
  if (size === null) throw new UsageError(`--${name} takes a size such as 500K or 20M, not "${text}".`);
  return size;
}
