/** The effective settings as a configuration file: each with its rule and where it comes from. */
import { SETTING_RULES } from "../settings.ts";
import type { EffectiveSettings, Source } from "./read-settings.ts";
import { TEXT_RULES } from "./setting-names.ts";

/**
 * A default stays a comment, so a file that is made from this one takes a later release's defaults.
 */
export function printSettings({ numbers, env, file, isFileThere, sources }: EffectiveSettings): string {
  const values: Readonly<Record<string, number>> = numbers;
  const blocks = [
    wrap(
      "Settings of halligan-agent as they are now. This text is a configuration file: save it, uncomment a setting " +
        "and change its value. A variable of the environment comes before this file. `halligan-agent run` " +
        "reads it at its start.",
    ),
    `# File: ${file}${isFileThere ? "" : " (not there)"}`,
    ...SETTING_RULES.map(({ name, key, variable, unit, minimum, maximum, description, default: preset }) => {
      const rule = `${description} ${unit === "a count" ? "A count" : `In ${unit}`}, ${minimum} to ${maximum}, default ${preset}.`;
      return setting(rule, key, variable, String(values[name]), sources.get(key));
    }),
    ...TEXT_RULES.map(({ key, variable, description, example }) => {
      const value = env[variable];
      return setting(`${description} Default: not set.`, key, variable, value ?? example, sources.get(key));
    }),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function setting(rule: string, key: string, variable: string, value: string, source: Source | undefined): string {
  const origin = source?.from === "file" ? `line ${source.line} of the file` : source?.from;
  const from = source?.from === "environment" ? `the environment (${variable})` : (origin ?? "default");
  const line = `${key} = ${value}`;
  return [wrap(rule), `# Variable: ${variable}. From: ${from}`, source?.from === "default" ? `#${line}` : line].join(
    "\n",
  );
}

const COLUMNS = 98;

/** Comment lines of at most 100 columns. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= COLUMNS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `# ${line}`).join("\n");
}
