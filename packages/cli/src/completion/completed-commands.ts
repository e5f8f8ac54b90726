import { GLOBAL_OPTIONS, type OptionSpecs } from "../arguments/arguments.ts";
import type { Command } from "../command.ts";

/** What a shell has to know of the command line. */
export interface CompletedCommands {
  readonly commands: readonly CompletedCommand[];
  /** The first words: of commands with one word, and of groups such as `library`. */
  readonly firstWords: readonly CompletedWord[];
  readonly groups: readonly { readonly first: string; readonly words: readonly CompletedWord[] }[];
  /** Options of every command that take a value. They may stand before the command's name. */
  readonly globalValueOptions: readonly string[];
}

export interface CompletedWord {
  readonly word: string;
  readonly summary: string;
}

export interface CompletedCommand {
  /** One or two words. */
  readonly name: string;
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** Without dashes. */
  readonly name: string;
  readonly short: string | null;
  readonly takesValue: boolean;
  readonly help: string;
}

export function completedCommands(all: readonly Pick<Command, "name" | "summary" | "options">[]): CompletedCommands {
  const first = new Map<string, string>();
  const groups = new Map<string, CompletedWord[]>();
  for (const { name, summary } of all) {
    const [word = "", second] = name.split(" ");
    if (second === undefined) {
      first.set(word, summary);
      continue;
    }
    if (!first.has(word)) first.set(word, "");
    groups.set(word, [...(groups.get(word) ?? []), { word: second, summary }]);
  }
  for (const [word, words] of groups) {
    if (first.get(word) === "") first.set(word, words.map((one) => one.word).join(", "));
  }
  return {
    commands: all.map(({ name, options }) => ({ name, options: optionsOf({ ...options, ...GLOBAL_OPTIONS }) })),
    firstWords: [
      ...[...first].map(([word, summary]) => ({ word, summary })),
      { word: "help", summary: "show the help of a command, or a topic" },
      { word: "version", summary: "show the version" },
    ],
    groups: [...groups].map(([word, words]) => ({ first: word, words })),
    globalValueOptions: optionsOf(GLOBAL_OPTIONS).flatMap(({ name, takesValue }) => (takesValue ? [name] : [])),
  };
}

const optionsOf = (options: OptionSpecs): CompletedOption[] =>
  Object.entries(options).map(([name, { type, short = null, help }]) => ({
    name,
    short,
    takesValue: type === "string",
    help,
  }));
