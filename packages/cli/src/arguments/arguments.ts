import { parseArgs } from "node:util";
import { didYouMean } from "@halligan/protocol/text";
import { UsageError } from "../errors/cli-error.ts";

export interface OptionSpec {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
  /** Shown after the option in the help, for example `SECONDS`. */
  placeholder?: string;
  help: string;
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export const GLOBAL_OPTIONS = {
  json: { type: "boolean", help: "print one JSON document on standard output, errors too" },
  profile: {
    type: "string",
    placeholder: "NAME",
    help: 'use this profile (default: $HALLIGAN_PROFILE, else "default")',
  },
  "max-wait": {
    type: "string",
    placeholder: "SECONDS",
    help: "longest wait on a throttling or unavailable server (default 300)",
  },
  utc: { type: "boolean", help: "show times in UTC (default: the zone of this computer, with its offset)" },
  "allow-plain-http": {
    type: "boolean",
    help: "for labs: send the secret and take results unencrypted to a server that is not on this computer",
  },
  help: { type: "boolean", short: "h", help: "show the help of the command" },
} as const satisfies OptionSpecs;

/**
 * What was typed after the command's name. Asking for an option that the command did not declare is
 * a bug and throws.
 */
export interface Arguments {
  readonly positionals: readonly string[];
  /** What came after `--`, for commands that pass it on; else it is among the positionals. */
  readonly passedOn: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  /** A whole number in the range, or undefined when the option was not given. */
  integer(name: string, range: { min: number; max: number }): number | undefined;
}

/** Throws UsageError for what `specs` does not allow. */
export function parseArguments(argv: readonly string[], specs: OptionSpecs, mayPassOn: boolean): Arguments {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [
      name,
      { type, multiple: true, ...(short === undefined ? {} : { short }) },
    ]),
  );
  refuseSecrets(argv, specs);
  // Not strict: its messages are the parser's own, ours say what was meant.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const positionals: string[] = [];
  const passedOn: string[] = [];
  const values = new Map<string, string[]>();
  let isPastTerminator = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") isPastTerminator = true;
    else if (token.kind === "positional") (isPastTerminator && mayPassOn ? passedOn : positionals).push(token.value);
    else addOption(values, token, specs, mayPassOn);
  }
  const valuesOf = (name: string): readonly string[] => {
    if (!Object.hasOwn(specs, name)) throw new Error(`Option ${name} is not declared`);
    return values.get(name) ?? [];
  };
  return {
    positionals,
    passedOn,
    flag: (name) => valuesOf(name).length > 0,
    text: (name) => valuesOf(name).at(-1),
    texts: valuesOf,
    integer(name, { min, max }) {
      const text = valuesOf(name).at(-1);
      if (text === undefined) return undefined;
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= min && value <= max)) {
        throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${text}".`);
      }
      return value;
    },
  };
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function addOption(values: Map<string, string[]>, token: OptionToken, specs: OptionSpecs, mayPassOn: boolean): void {
  const { name, rawName, value, inlineValue } = token;
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) {
    const passOn = mayPassOn ? " Options for the script go after --." : "";
    throw new UsageError(`There is no option ${rawName} here.${didYouMean(name, Object.keys(specs), "--")}${passOn}`);
  }
  if (spec.type === "boolean" && value !== undefined) throw new UsageError(`${rawName} takes no value.`);
  if (spec.type === "string") {
    const placeholder = spec.placeholder ?? "VALUE";
    if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} ${placeholder}.`);
    if (!inlineValue && value.startsWith("-") && value !== "-") {
      throw new UsageError(`${rawName} needs a value; for one that starts with a dash, write --${name}=${value}.`);
    }
  }
  const before = values.get(name) ?? [];
  if (before.length > 0 && spec.type === "string" && !spec.multiple) {
    throw new UsageError(`${rawName} was given more than once.`);
  }
  values.set(name, [...before, value ?? ""]);
}

function refuseSecrets(argv: readonly string[], specs: OptionSpecs): void {
  for (const argument of argv) {
    if (argument === "--") return;
    // Of a command that takes the name of a secret, and refuses a value itself.
    if (Object.hasOwn(specs, "secret") && /^--secret(=|$)/.test(argument)) continue;
    if (!/^--?(client[-_]?)?(secret|password|token)(=|$)/i.test(argument)) continue;
    throw new UsageError(
      "A secret is not taken as an argument: everyone on this computer can read the arguments of a process, and the " +
        "shell keeps them in its history. Use --secret-file FILE, HALLIGAN_CLIENT_SECRET, or standard input.",
    );
  }
}
