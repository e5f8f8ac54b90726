import { GLOBAL_OPTIONS, type OptionSpecs } from "../arguments.ts";
import type { Command } from "../command.ts";
import { EXIT, EXIT_MEANINGS } from "../exit-codes.ts";

const WIDTH = 100;

export function renderOverview(commands: readonly Command[]): string {
  return [
    "halligan: live response on your own machines",
    "",
    "Usage: halligan COMMAND [options]",
    "",
    "Commands:",
    ...twoColumns([
      ...commands.map(({ name, summary }): [string, string] => [name, summary]),
      ["help [COMMAND]", "this page, or a command's own"],
    ]),
    "",
    "Options of every command:",
    ...optionLines({ ...GLOBAL_OPTIONS, version: { type: "boolean", help: "show the version" } }),
    "",
    "Exit codes:",
    ...twoColumns(
      Object.entries(EXIT_MEANINGS).map(([name, meaning]): [string, string] => [String(codeOf(name)), meaning]),
    ),
    "",
    "Environment: HALLIGAN_URL, HALLIGAN_CLIENT_ID and HALLIGAN_CLIENT_SECRET (or HALLIGAN_CLIENT_SECRET_FILE) take the",
    "place of a profile. HALLIGAN_PROFILE names one. HALLIGAN_CONFIG is the file with the profiles.",
    "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or in lower case) name a proxy and what is reached without it.",
    "The system's certificate store is trusted (or SSL_CERT_FILE, SSL_CERT_DIR), and what login --ca named.",
    "",
    "With --json an error is {error: {code, message}} on standard output.",
    "",
  ].join("\n");
}

export function renderCommandHelp(command: Command): string {
  const usage = ["halligan", command.name, command.usage, "[options]"].filter((part) => part !== "").join(" ");
  const [first, ...rest] = command.usage.split(" [-- ");
  const withPassedOn = command.mayPassOn
    ? `halligan ${command.name} ${first} [options] [-- ${rest.join(" [-- ")}`
    : usage;
  return [
    `halligan ${command.name}: ${command.summary}`,
    "",
    `Usage: ${withPassedOn}`,
    ...(command.details ?? []).flatMap((paragraph) => ["", ...wrap(paragraph, WIDTH)]),
    "",
    "Options:",
    ...optionLines({ ...command.options, ...GLOBAL_OPTIONS }),
    "",
    "JSON:",
    ...wrap(command.jsonShape, WIDTH - 2).map((line) => `  ${line}`),
    "",
    command.examples.length === 1 ? "Example:" : "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function codeOf(name: string): number | string {
  return Object.entries(EXIT).find(([other]) => other === name)?.[1] ?? "";
}

function optionLines(options: OptionSpecs): string[] {
  return twoColumns(
    Object.entries(options).map(([name, { short, placeholder, help }]) => [
      `${short === undefined ? "" : `-${short}, `}--${name}${placeholder === undefined ? "" : ` ${placeholder}`}`,
      help,
    ]),
  );
}

function twoColumns(rows: readonly [string, string][]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.flatMap(([name, text]) =>
    wrap(text, WIDTH - left).map((line, index) => `${(index === 0 ? `  ${name}` : "").padEnd(left)}${line}`),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
