/** The names that a configuration file and the environment know, and the remedy for other ones. */
import { suggest } from "@halligan/protocol/text";
import { SETTING_RULES, VARIABLE_PREFIX } from "../settings.ts";

/** Settings with a text. Their readers check them where they are used. */
export const TEXT_RULES = [
  {
    key: "cgroup",
    variable: "HALLIGAN_AGENT_CGROUP",
    description: "The cgroup folder under which scripts get theirs, or none. Without it, found at the start.",
    example: "/sys/fs/cgroup/halligan",
  },
  {
    key: "script_env",
    variable: "HALLIGAN_AGENT_SCRIPT_ENV",
    description: "Names of variables of the agent that scripts get as well, separated by commas.",
    example: "HTTPS_PROXY,NO_PROXY",
  },
] as const;

/** They find the file, so they cannot be in it. */
export const DATA_VARIABLE = "HALLIGAN_AGENT_DATA";
export const CONFIG_VARIABLE = "HALLIGAN_AGENT_CONFIG";

const RULES = [...SETTING_RULES, ...TEXT_RULES];
export const KNOWN_KEYS: readonly string[] = RULES.map(({ key }) => key);
const KNOWN_VARIABLES: readonly string[] = [...RULES.map(({ variable }) => variable), DATA_VARIABLE, CONFIG_VARIABLE];

const PROTOCOL = "server and devices must agree on it, so it is part of the protocol";
const ORDER = "it comes with the signed order of the server, which sets it by";

/** What people look for here and what is set elsewhere, or nowhere. */
const NOT_HERE: Readonly<Record<string, string>> = {
  script_timeout_ms: `${ORDER} HALLIGAN_SCRIPT_TIMEOUT_MS`,
  output_limit_bytes: `${ORDER} HALLIGAN_SCRIPT_OUTPUT_LIMIT_BYTES`,
  script_output_limit_bytes: `${ORDER} HALLIGAN_SCRIPT_OUTPUT_LIMIT_BYTES`,
  transfer_timeout_ms: `${ORDER} HALLIGAN_TRANSFER_TIMEOUT_MS`,
  transfer_stall_timeout_ms: `${ORDER} HALLIGAN_TRANSFER_STALL_TIMEOUT_MS`,
  link_ping_interval_ms: "the server sends it with its welcome and sets it by HALLIGAN_LINK_PING_INTERVAL_MS",
  max_held_orders: PROTOCOL,
  max_error_characters: PROTOCOL,
  max_error_texts: PROTOCOL,
  max_queued_frames: PROTOCOL,
  max_unsent_bytes: PROTOCOL,
  max_frame_bytes: PROTOCOL,
  silent_intervals: PROTOCOL,
  max_grant_age_ms: PROTOCOL,
  part_bytes: PROTOCOL,
  data: "it names the folder in which this file is looked for: use --data or HALLIGAN_AGENT_DATA",
  config: "it names this file: use --config or HALLIGAN_AGENT_CONFIG",
};

const UNITS = "the unit is part of the name, _ms or _bytes";

/** What is wrong with a key of the file that is no setting, and what to write instead. */
export function unknownKey(key: string): string {
  const bare = key.toLowerCase().replace(new RegExp(`^${VARIABLE_PREFIX}`, "i"), "");
  const elsewhere = Object.hasOwn(NOT_HERE, bare) ? NOT_HERE[bare] : undefined;
  if (elsewhere !== undefined) return `'${key}' cannot be set here: ${elsewhere}`;
  return `there is no setting '${key}'${remedy(bare, KNOWN_KEYS)}`;
}

/**
 * A misspelt limit would not be a limit. Null for a variable that the agent knows or does not own.
 */
export function unknownVariable(variable: string): string | null {
  if (!variable.startsWith(VARIABLE_PREFIX) || KNOWN_VARIABLES.includes(variable)) return null;
  const bare = variable.slice(VARIABLE_PREFIX.length).toLowerCase();
  const elsewhere = Object.hasOwn(NOT_HERE, bare) ? NOT_HERE[bare] : undefined;
  if (elsewhere !== undefined) return `${variable} cannot be set: ${elsewhere}`;
  return `there is no setting ${variable}${remedy(variable, KNOWN_VARIABLES)}`;
}

function remedy(written: string, known: readonly string[]): string {
  const stem = (name: string) => name.toLowerCase().replace(/_(ms|bytes|s|sec|seconds|minutes|kb|mb|kib|mib)$/, "");
  const sameStem = known.find((name) => stem(name) === stem(written));
  if (sameStem !== undefined) return `: write ${sameStem} (${UNITS})`;
  const near = suggest(written, known);
  return near === null ? "; `halligan-agent config` lists all settings" : `: did you mean ${near}?`;
}
