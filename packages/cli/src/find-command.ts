import { didYouMean } from "@halligan/protocol/text";
import { GLOBAL_OPTIONS } from "./arguments/arguments.ts";
import type { Command } from "./command.ts";
import { COMMANDS, type CommandEntry, loadCommand } from "./commands/index.ts";
import { UsageError } from "./errors/cli-error.ts";

export interface Invocation {
  command: Command;
  /** All arguments except the command's name. Options of all commands can precede it. */
  rest: string[];
}

/** The positions of the words that are not options, as far as a command's name can extend. */
function wordPositions(argv: readonly string[]): number[] {
  const positions: number[] = [];
  for (let index = 0; index < argv.length && positions.length < 2; index += 1) {
    const argument = argv[index] ?? "";
    if (argument === "--") break;
    if (!argument.startsWith("-")) positions.push(index);
    else if (takesValue(argument)) index += 1;
    // Between the first and the second word, only options of all commands are allowed. Another
    // option ends the name.
    else if (positions.length > 0 && !isGlobal(argument)) break;
  }
  return positions;
}

function takesValue(argument: string): boolean {
  return Object.entries(GLOBAL_OPTIONS).some(([name, { type }]) => type === "string" && argument === `--${name}`);
}

function isGlobal(argument: string): boolean {
  return Object.keys(GLOBAL_OPTIONS).some((name) => argument === `--${name}` || argument.startsWith(`--${name}=`));
}

/**
 * The first two words, which are no options and no values of them: as far as a command's name can
 * reach.
 */
export function commandWords(argv: readonly string[]): string[] {
  return wordPositions(argv).map((position) => argv[position] ?? "");
}

/** The commands whose name begins with this word, as `library add` does with `library`. */
export function commandsOfGroup(word: string): readonly CommandEntry[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${word} `));
}

/** Null when no command was named at all. Throws UsageError for one that does not exist. */
export async function findCommand(argv: readonly string[]): Promise<Invocation | null> {
  const positions = wordPositions(argv);
  const words = commandWords(argv);
  const [first] = words;
  if (first === undefined) return null;
  for (const count of [2, 1]) {
    const name = words.slice(0, count).join(" ");
    const entry = COMMANDS.find((one) => one.name === name);
    if (entry === undefined) continue;
    const command = await loadCommand(entry);
    if (count === 1 && command.positionals.max === 0) refuseUnknownSecond(words);
    const used = new Set(positions.slice(0, name.split(" ").length));
    return { command, rest: argv.filter((_, index) => !used.has(index)) };
  }
  throw unknownCommand(words);
}

/** For `machines shwo`: the first word is a command, but it takes no further words. */
function refuseUnknownSecond([first = "", second]: readonly string[]): void {
  const group = commandsOfGroup(first).map(({ name }) => name);
  if (second === undefined || group.length === 0) return;
  throw new UsageError(`${noSecond(first, second, group)} There are: ${group.join(", ")}.`);
}

/**
 * Only the second word is compared: the first one would make every command of the group look
 * similar.
 */
function noSecond(first: string, second: string, group: readonly string[]): string {
  const seconds = group.map((name) => name.slice(first.length + 1));
  return `There is no "${first} ${second}".${didYouMean(second, seconds, `${first} `)}`;
}

export function unknownCommand(words: readonly string[], topics: readonly string[] = []): UsageError {
  const [first = "", second] = words;
  const group = commandsOfGroup(first).map(({ name }) => name);
  if (group.length > 0) {
    const wanted = second === undefined ? "" : ` ${noSecond(first, second, group)}`;
    return new UsageError(`"${first}" needs to know what to do: ${group.join(", ")}.${wanted}`);
  }
  const names = COMMANDS.map(({ name }) => name);
  const groups = names.flatMap((name) => (name.includes(" ") ? [name.split(" ")[0] ?? ""] : []));
  return new UsageError(
    `There is no command "${first}".${didYouMean(first, [...names, ...groups, ...topics])} See: halligan help`,
  );
}
