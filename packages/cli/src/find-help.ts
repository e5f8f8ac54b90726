import { COMMANDS, loadCommand } from "./commands/index.ts";
import { commandsOfGroup, commandWords, unknownCommand } from "./find-command.ts";
import { renderCommandHelp, renderGroupHelp, renderOverview } from "./help/help.ts";
import { isTopic, renderTopic, TOPIC_NAMES } from "./help/help-topics.ts";

/**
 * The help that was asked for, or null when none was or when the command itself shows it. `help
 * library add`, `help library`, `library --help` and `--help library` are all answered. Throws
 * UsageError for a name that does not exist.
 */
export async function findHelp(argv: readonly string[]): Promise<string | null> {
  const words = commandWords(argv);
  if (words[0] === "help") {
    const isHelp = (argument: string) => !argument.startsWith("-");
    return helpAbout(argv.slice(argv.indexOf("help") + 1).filter(isHelp));
  }
  if (!asksForHelp(argv)) return null;
  if (words.length === 0) return helpAbout([]);
  const isCommand = COMMANDS.some(({ name }) => name === words[0]);
  // With a second word it is one of the group's commands or a mistake: both are for findCommand.
  return !isCommand && words.length === 1 && commandsOfGroup(words[0] ?? "").length > 0 ? helpAbout(words) : null;
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

async function helpAbout(words: readonly string[]): Promise<string> {
  const name = words.join(" ");
  if (name === "" || name === "help") return renderOverview(COMMANDS);
  const command = COMMANDS.find((one) => one.name === name);
  const group = commandsOfGroup(name);
  if (command !== undefined) return renderCommandHelp(await loadCommand(command), group);
  if (group.length > 0) return renderGroupHelp(name, group);
  if (isTopic(name)) return renderTopic(name);
  throw unknownCommand(words, TOPIC_NAMES);
}
