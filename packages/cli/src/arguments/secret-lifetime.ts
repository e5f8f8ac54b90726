import { UsageError } from "../errors/cli-error.ts";
import { parseDuration } from "../render/text/units.ts";
import type { Arguments } from "./arguments.ts";

const LONGEST_SECONDS = 10 * 365 * 86_400;

export const EXPIRES_OPTION = {
  expires: { type: "string", placeholder: "TIME", help: "how long the secret is good: 1h, 90d (default: no end)" },
} as const;

/** The value of `--expires`, in seconds; undefined when it was not given. */
export function secretLifetimeSeconds(args: Arguments): number | undefined {
  const text = args.text("expires");
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds !== null && seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds;
  throw new UsageError(`--expires takes a time up to 3650d such as 1h or 90d, not "${text}".`);
}
