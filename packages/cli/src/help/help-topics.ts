import { EXIT_CODES } from "../errors/exit-codes.ts";
import { HELP_WIDTH, twoColumns, wrap } from "./columns.ts";

const TOPICS = { "exit-codes": renderExitCodes, output: renderOutput } as const;
type TopicName = keyof typeof TOPICS;

export const TOPIC_NAMES = Object.keys(TOPICS);

export function isTopic(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}

export function renderTopic(name: TopicName): string {
  return TOPICS[name]();
}

function renderExitCodes(): string {
  return page("Exit codes of halligan", [
    "run and result end with the exit code of the script. The codes from 64 to 99, 130 and 143 are reserved: they are " +
      "always from halligan itself. A script that ends with a reserved code, or with a code outside 0 to 255, gives 85. " +
      "Standard error then has the script's own code. With --json, exitCode is always the script's own, and error is " +
      "there only when halligan or the action failed.",
    twoColumns(EXIT_CODES.map(({ code, meaning }): [string, string] => [String(code), meaning])),
    [
      "In a shell:",
      '  case $? in 0) ;; 6[4-9]|[789]?|130|143) echo "not run to its end" ;; *) echo "script failed" ;; esac',
    ],
  ]);
}

function renderOutput(): string {
  return page("Output of halligan", [
    "Results go to standard output; notes, warnings, progress and errors go to standard error. A line of halligan's own " +
      'errors starts with "halligan: ".',
    "run and result write what the script wrote to standard output to standard output, and the same for standard error. On " +
      "a terminal, control sequences are taken out. In a pipe or a file the text is unchanged, but bytes that are not " +
      "UTF-8 become U+FFFD; --raw writes the exact bytes.",
    "With --json, standard output holds one JSON document and standard error stays empty. An error is {error: {code, " +
      "message}} in that document, and the exit code is the same as without --json. What was found out before the error " +
      "stands next to it, for example action and results of run. watch and audit --follow write one document on each line " +
      "and an error as the last line.",
    "Tables are fitted to a terminal: long cells end with an ellipsis. In a pipe and with --json every value is whole.",
  ]);
}

function page(title: string, parts: readonly (string | readonly string[])[]): string {
  const blocks = parts.flatMap((part) => ["", ...(typeof part === "string" ? wrap(part, HELP_WIDTH) : part)]);
  return [title, ...blocks, ""].join("\n");
}
