/**
 * The settings of this process: from the environment, else from the configuration file, else the
 * default. Each fault is named with its place, and all of them at once.
 */
import path from "node:path";
import { type AgentSettings, checkedSettings, SETTING_RULES, type SettingRule } from "../settings.ts";
import { parseConfigFile, readConfigFile, shown } from "./config-file.ts";
import { CONFIG_VARIABLE, KNOWN_KEYS, TEXT_RULES, unknownKey, unknownVariable } from "./setting-names.ts";
import { SettingsError } from "./settings-error.ts";

/** In the data folder. It is read when it is there and no other file is named. */
export const CONFIG_FILE_NAME = "agent.conf";

/** The origin of a value. `halligan-agent config` prints it. */
export type Source = { from: "default" } | { from: "file"; line: number } | { from: "environment" };

export interface EffectiveSettings {
  numbers: AgentSettings;
  /** The environment with the texts of the file, for the readers of those variables. */
  env: NodeJS.ProcessEnv;
  /** Absolute; also when there is no such file. */
  file: string;
  isFileThere: boolean;
  /** Of each key. */
  sources: ReadonlyMap<string, Source>;
}

export interface SettingsPlaces {
  /** The data folder. */
  root: string;
  /** `--config`. It must exist, and so must the file that the environment names. */
  configFile: string | undefined;
  env: NodeJS.ProcessEnv;
}

interface Found {
  text: string;
  /** Prefix of an error message: the file and line, or empty for a variable. */
  place: string;
  /** The key of the file, or the name of the variable. */
  name: string;
  source: Source;
}

export async function readSettings({ root, configFile, env }: SettingsPlaces): Promise<EffectiveSettings> {
  const named = configFile ?? env[CONFIG_VARIABLE];
  const file = path.resolve(named ?? path.join(root, CONFIG_FILE_NAME));
  const text = await readConfigFile(file);
  if (text === null && named !== undefined) {
    const option = configFile === undefined ? CONFIG_VARIABLE : "--config";
    throw new SettingsError([
      `The configuration file ${file} of ${option} does not exist. \`halligan-agent config\` prints a template.`,
    ]);
  }
  const { lines, faults: lineFaults } = parseConfigFile(text ?? "");
  const faults = lineFaults.map(({ line, fault }) => ({ line, fault: `${file}, line ${line}: ${fault}.` }));
  const found = new Map<string, Found>();
  for (const { key, value, line } of lines) {
    const place = `${file}, line ${line}: `;
    if (!KNOWN_KEYS.includes(key)) faults.push({ line, fault: place + sentence(unknownKey(key)) });
    else found.set(key, { text: value, place, name: key, source: { from: "file", line } });
  }
  for (const variable of Object.keys(env)) {
    const fault = unknownVariable(variable);
    if (fault !== null) faults.push({ line: AFTER_THE_FILE, fault: sentence(fault) });
  }
  // A number of the file that the environment replaces is checked too: it counts once the variable
  // is gone.
  const numbers: Record<string, number> = {};
  for (const rule of SETTING_RULES) {
    numbers[rule.name] = rule.default;
    const inEnvironment = fromEnvironment(env, rule);
    for (const place of [found.get(rule.key), inEnvironment]) {
      if (!place) continue;
      const fault = numberFault(place.text, rule);
      if (fault === null) numbers[rule.name] = Number(place.text);
      else faults.push({ line: lineOf(place.source), fault: `${place.place}${place.name} ${fault}.` });
    }
    if (inEnvironment) found.set(rule.key, inEnvironment);
  }
  const withTexts: NodeJS.ProcessEnv = { ...env };
  for (const rule of TEXT_RULES) {
    const inEnvironment = fromEnvironment(env, rule);
    if (inEnvironment) found.set(rule.key, inEnvironment);
    else withTexts[rule.variable] = found.get(rule.key)?.text;
  }
  if (faults.length > 0) {
    throw new SettingsError(faults.toSorted((a, b) => a.line - b.line).map(({ fault }) => fault));
  }
  const contradicting = contradictions(checkedSettings(numbers), found);
  if (contradicting.length > 0) throw new SettingsError(contradicting);
  return {
    numbers: checkedSettings(numbers),
    env: withTexts,
    file,
    isFileThere: text !== null,
    sources: new Map(KNOWN_KEYS.map((key) => [key, found.get(key)?.source ?? { from: "default" }])),
  };
}

/** Faults of the environment are named after those of the file. */
const AFTER_THE_FILE = Number.MAX_SAFE_INTEGER;
const lineOf = (source: Source): number => (source.from === "file" ? source.line : AFTER_THE_FILE);

const sentence = (text: string): string => (text.endsWith("?") ? text : `${text}.`);

function fromEnvironment(env: NodeJS.ProcessEnv, { variable }: { variable: string }): Found | undefined {
  const text = env[variable];
  return text === undefined ? undefined : { text, place: "", name: variable, source: { from: "environment" } };
}

const UNIT_FACTORS: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  ms: ["milliseconds", 1],
  s: ["milliseconds", 1_000],
  sec: ["milliseconds", 1_000],
  m: ["milliseconds", 60_000],
  min: ["milliseconds", 60_000],
  h: ["milliseconds", 3_600_000],
  b: ["bytes", 1],
  k: ["bytes", 1_024],
  kb: ["bytes", 1_024],
  kib: ["bytes", 1_024],
  mb: ["bytes", 1_024 ** 2],
  mib: ["bytes", 1_024 ** 2],
  gb: ["bytes", 1_024 ** 3],
  gib: ["bytes", 1_024 ** 3],
};

/** What is wrong with the value, with the range and, for a number with a unit, what to write. */
function numberFault(text: string, rule: SettingRule): string | null {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= rule.minimum && value <= rule.maximum) return null;
  const unit = rule.unit === "a count" ? "" : `, in ${rule.unit}`;
  const range = `must be a whole number from ${rule.minimum} to ${rule.maximum}${unit} (default ${rule.default})`;
  const [, amount, suffix = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text) ?? [];
  const [converted, factor] = UNIT_FACTORS[suffix.toLowerCase()] ?? ["", 0];
  const inUnit = converted === rule.unit ? Math.round(Number(amount) * factor) : null;
  const isAllowed = inUnit !== null && inUnit >= rule.minimum && inUnit <= rule.maximum;
  return `${range}, not '${shown(text)}'${isAllowed ? `: write ${inUnit} without a unit` : ""}`;
}

/** A chunk of 64 KiB then takes 4 s, far less than the time after which a request is silent. */
const LEAST_RATE_BYTES = 16_384;
const LEAST_MEMORY_BYTES = 16_777_216;

/** Each value is allowed alone, but not the two together. */
function contradictions(settings: AgentSettings, found: ReadonlyMap<string, Found>): string[] {
  const is = (key: string, value: number) => {
    const { place = "", name = key, source } = found.get(key) ?? {};
    const where = source === undefined ? "the default" : place === "" ? "the environment" : place.replace(/: $/, "");
    return `${name} (${value}, ${where})`;
  };
  const faults: string[] = [];
  const { connectTimeoutMs, proxyTimeoutMs, stopMs, killGraceMs, killWaitMs } = settings;
  if (proxyTimeoutMs >= connectTimeoutMs) {
    faults.push(
      `${is("proxy_timeout_ms", proxyTimeoutMs)} must be less than ${is("connect_timeout_ms", connectTimeoutMs)}: a ` +
        "proxy that does not answer could not be named.",
    );
  }
  if (stopMs < killGraceMs + killWaitMs) {
    faults.push(
      `${is("stop_ms", stopMs)} must be at least ${is("kill_grace_ms", killGraceMs)} and ` +
        `${is("kill_wait_ms", killWaitMs)} together: a stopping agent would leave the script's processes.`,
    );
  }
  const rates = [
    ["upload_rate_bytes", settings.uploadRateBytes],
    ["download_rate_bytes", settings.downloadRateBytes],
  ] as const;
  for (const [key, rate] of rates) {
    if (rate === 0 || rate >= LEAST_RATE_BYTES) continue;
    faults.push(
      `${is(key, rate)} must be 0 (no cap) or at least ${LEAST_RATE_BYTES}: a slower transfer would be taken for a ` +
        "broken one.",
    );
  }
  const { scriptMemoryBytes } = settings;
  if (scriptMemoryBytes > 0 && scriptMemoryBytes < LEAST_MEMORY_BYTES) {
    faults.push(
      `${is("script_memory_bytes", scriptMemoryBytes)} must be 0 (no limit) or at least ${LEAST_MEMORY_BYTES}: no ` +
        "interpreter would start.",
    );
  }
  const pairs = [
    ["backoff_base_ms", settings.backoffBaseMs, "backoff_cap_ms", settings.backoffCapMs],
    [
      "transfer_backoff_base_ms",
      settings.transferBackoffBaseMs,
      "transfer_backoff_cap_ms",
      settings.transferBackoffCapMs,
    ],
    ["max_kept_script_bytes", settings.maxKeptScriptBytes, "kept_scripts_bytes", settings.keptScriptsBytes],
  ] as const;
  for (const [small, smallValue, large, largeValue] of pairs) {
    if (smallValue > largeValue) {
      faults.push(`${is(small, smallValue)} must not be above ${is(large, largeValue)}: change one of them.`);
    }
  }
  return faults;
}
