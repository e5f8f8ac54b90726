import { GLOBAL_OPTIONS, type OptionSpecs } from "../arguments/arguments.ts";
import type { Command } from "../command.ts";
import { HELP_WIDTH, twoColumns, wrap } from "./columns.ts";

type Summary = Pick<Command, "name" | "summary">;

export function renderOverview(commands: readonly Summary[]): string {
  return [
    "halligan: live response on your own machines",
    "",
    "Usage: halligan COMMAND [options]",
    "",
    "Commands:",
    ...twoColumns([
      ...commands.map(({ name, summary }): [string, string] => [name, summary]),
      ["help [COMMAND]", "this page, or that of a command or a group such as library"],
      ["help exit-codes", "every exit code, and how the script's own is passed on"],
      ["help output", "what goes to standard output and standard error, and --json"],
      ["version", "show the version"],
    ]),
    "",
    "Options of every command:",
    ...optionLines({ ...GLOBAL_OPTIONS, version: { type: "boolean", help: "show the version" } }),
    "",
    "Environment: HALLIGAN_URL, HALLIGAN_CLIENT_ID and HALLIGAN_CLIENT_SECRET (or HALLIGAN_CLIENT_SECRET_FILE) take the",
    "place of a profile. HALLIGAN_PROFILE names one. HALLIGAN_CONFIG is the file with the profiles.",
    "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or in lower case) name a proxy and what is reached without it.",
    "The system's certificate store is trusted (or SSL_CERT_FILE, SSL_CERT_DIR), and what login --ca named.",
    "",
  ].join("\n");
}

/** The commands that share their first word. */
export function renderGroupHelp(name: string, group: readonly Summary[]): string {
  return [
    `Usage: halligan ${name} COMMAND [options]`,
    "",
    "Commands:",
    ...summaries(group),
    "",
    `The help of one: halligan help ${group[0]?.name ?? name}`,
    "",
  ].join("\n");
}

/**
 * @param group the commands whose name continues this one's, as `machines show` does with
 * `machines`
 */
export function renderCommandHelp(command: Command, group: readonly Summary[]): string {
  const usage = ["halligan", command.name, command.usage, "[options]"].filter((part) => part !== "").join(" ");
  const [first, ...rest] = command.usage.split(" [-- ");
  const withPassedOn = command.mayPassOn
    ? `halligan ${command.name} ${first} [options] [-- ${rest.join(" [-- ")}`
    : usage;
  return [
    `halligan ${command.name}: ${command.summary}`,
    "",
    `Usage: ${withPassedOn}`,
    ...(command.details ?? []).flatMap((paragraph) => ["", ...wrap(paragraph, HELP_WIDTH)]),
    "",
    "Options:",
    ...optionLines({ ...command.options, ...GLOBAL_OPTIONS }),
    "",
    "JSON:",
    ...wrap(command.jsonShape, HELP_WIDTH - 2).map((line) => `  ${line}`),
    "",
    command.examples.length === 1 ? "Example:" : "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
    ...(group.length === 0 ? [] : ["See also:", ...summaries(group), ""]),
  ].join("\n");
}

const summaries = (commands: readonly Summary[]): string[] =>
  twoColumns(commands.map(({ name, summary }) => [name, summary]));

function optionLines(options: OptionSpecs): string[] {
  return twoColumns(
    Object.entries(options).map(([name, { short, placeholder, help }]) => [
      `${short === undefined ? "" : `-${short}, `}--${name}${placeholder === undefined ? "" : ` ${placeholder}`}`,
      help,
    ]),
  );
}
