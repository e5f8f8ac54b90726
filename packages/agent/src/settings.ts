/**
 * Every limit that an operator may change on a device, with its unit, bounds, default and a
 * sentence for people. The table is the one source: of the schema, the configuration file, the
 * environment, and what `halligan-agent config` prints.
 */
import { Type } from "typebox";
import { Compile } from "typebox/compile";

const MIB = 1024 * 1024;
const MINUTE = 60_000;

interface WholeNumber {
  default: number;
  minimum: number;
  maximum: number;
  description: string;
}

const whole = (preset: number, minimum: number, maximum: number, description: string): WholeNumber => ({
  default: preset,
  minimum,
  maximum,
  description,
});

/** In the order in which they are printed. */
const TABLE = {
  connectTimeoutMs: whole(20_000, 1_000, 10 * MINUTE, "From opening the connection to the server's welcome."),
  helloTimeoutMs: whole(30_000, 1_000, 10 * MINUTE, "From the agent's hello to the server's answer."),
  proxyTimeoutMs: whole(
    15_000,
    500,
    10 * MINUTE,
    "From dialling a proxy until it has connected. Less than connect_timeout_ms, so that the proxy is named.",
  ),
  backoffBaseMs: whole(500, 10, MINUTE, "First wait before the agent connects again. Each further wait doubles."),
  backoffCapMs: whole(30_000, 100, 60 * MINUTE, "Longest wait before the agent connects again."),
  stableConnectionMs: whole(30_000, 0, 60 * MINUTE, "A connection that lasted this long resets the waits."),
  maxServerConnections: whole(4, 1, 64, "Connections to the server for transfers at a time."),
  uploadRateBytes: whole(
    0,
    0,
    16 * 1024 * MIB,
    "Bytes per second that results may take to the server, all transfers together. 0: no cap, else at least " +
      "16384. The server's HALLIGAN_TRANSFER_TIMEOUT_MS still ends a transfer that takes longer.",
  ),
  downloadRateBytes: whole(0, 0, 16 * 1024 * MIB, "The same for library files and scripts from the server."),
  startWithoutConnectionMs: whole(
    MINUTE,
    0,
    60 * MINUTE,
    "Without a connection for longer than this, no further GetFile or PutFile of an action starts.",
  ),
  cancelledDeliveryMs: whole(
    30_000,
    0,
    60 * MINUTE,
    "How long the upload of a cancelled script's output may take. The machine's next action waits for it.",
  ),
  stopMs: whole(
    8_000,
    100,
    10 * MINUTE,
    "How long a stopping agent waits for the end of the running command. At least kill_grace_ms and " +
      "kill_wait_ms together, and less than the service manager waits.",
  ),
  maxJournalBytes: whole(
    128 * MIB,
    4 * MIB,
    2048 * MIB,
    "With a journal that is larger after its compaction, the agent refuses orders as diskFull.",
  ),
  ownersLogBytes: whole(
    8 * MIB,
    64 * 1024,
    1024 * MIB,
    "The owner's log begins a new file when its file would become larger.",
  ),
  ownersLogFiles: whole(5, 1, 1_000, "Files of the owner's log, the newest included. The oldest is removed."),
  maxWorkFolderBytes: whole(
    0,
    0,
    1024 * 1024 * MIB,
    "Disk quota of the working folder for PutFile. What scripts write there counts, but is not stopped. 0: no quota.",
  ),
  maxSpoolBytes: whole(
    0,
    0,
    1024 * 1024 * MIB,
    "Disk quota of outputs that wait for the server. A script's streams share what is left. 0: no quota.",
  ),
  maxUnsizedFileBytes: whole(
    64 * MIB,
    4_096,
    64 * 1024 * MIB,
    "GetFile reads a file that states no size (as in /proc) up to this many bytes.",
  ),
  uploadRestarts: whole(
    3,
    0,
    100,
    "How often a whole result is sent again when the server finds it incomplete or different.",
  ),
  partRestarts: whole(3, 0, 100, "How often a part of a result is sent again when it changed in transit."),
  downloadRestarts: whole(3, 1, 100, "How often a library file is fetched until its SHA-256 is the ordered one."),
  silentRequestMs: whole(
    50_000,
    1_000,
    60 * MINUTE,
    "A transfer that moves no byte for this long is repeated on another connection. Less than the server's " +
      "HALLIGAN_TRANSFER_STALL_TIMEOUT_MS (2 minutes).",
  ),
  transferBackoffBaseMs: whole(500, 10, MINUTE, "First wait before a failed request of a transfer is repeated."),
  transferBackoffCapMs: whole(10_000, 100, 10 * MINUTE, "Longest wait before a failed request is repeated."),
  pipeGraceMs: whole(
    2_000,
    0,
    10 * MINUTE,
    "After the end of a script: how long a background child may keep its output open before it is ended.",
  ),
  killGraceMs: whole(500, 0, 2 * MINUTE, "From SIGTERM to SIGKILL when a script's processes are ended."),
  killWaitMs: whole(3_000, 100, 2 * MINUTE, "From SIGKILL until a process that is still there is reported."),
  scriptOpenFiles: whole(1_024, 16, 1_048_576, "Soft limit of open files of a script. A lower hard limit stays."),
  scriptCpuWeight: whole(
    0,
    0,
    10_000,
    "CPU weight of a script's cgroup next to its siblings, where 100 is the weight of a group. 0: not set.",
  ),
  scriptMemoryBytes: whole(
    0,
    0,
    1024 * 1024 * MIB,
    "Memory of a script with all its processes; what exceeds it is ended by the kernel. 0: no limit, else at least " +
      "16777216.",
  ),
  maxScriptProcesses: whole(
    0,
    0,
    4_194_304,
    "Processes and threads of a script at a time; a further one cannot be made. 0: no limit.",
  ),
  maxKeptCommands: whole(
    256,
    0,
    10_000,
    "Scripts with keepProcesses whose left processes are remembered over a restart of the agent.",
  ),
  maxKeptOutputs: whole(32, 0, 1_000, "Outputs of left processes that are still read. The oldest is closed."),
  maxKeptScriptBytes: whole(64 * 1024, 0, 16 * MIB, "A larger script is not kept in memory for the next order."),
  keptScriptsBytes: whole(MIB, 0, 256 * MIB, "Memory for all scripts that are kept for later orders."),
  enrollTimeoutMs: whole(30_000, 1_000, 10 * MINUTE, "How long `halligan-agent enroll` waits for the server."),
} as const satisfies Record<string, WholeNumber>;

export type AgentSettings = Readonly<Record<keyof typeof TABLE, number>>;

/** One row of the table as the readers and the printer of settings use it. */
export interface SettingRule {
  /** A member of {@link AgentSettings}. */
  name: string;
  /** In a configuration file. */
  key: string;
  /** In the environment. */
  variable: string;
  unit: string;
  default: number;
  minimum: number;
  maximum: number;
  description: string;
}

/** `killGraceMs` is `kill_grace_ms` in the file and `HALLIGAN_AGENT_KILL_GRACE_MS` outside it. */
const keyOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const VARIABLE_PREFIX = "HALLIGAN_AGENT_";

export const SETTING_RULES: readonly SettingRule[] = Object.entries(TABLE).map(([name, rule]) => {
  const key = keyOf(name);
  return {
    name,
    key,
    variable: VARIABLE_PREFIX + key.toUpperCase(),
    unit: name.endsWith("Ms") ? "milliseconds" : name.endsWith("Bytes") ? "bytes" : "a count",
    default: rule.default,
    minimum: rule.minimum,
    maximum: rule.maximum,
    description: rule.description,
  };
});

const schema = Compile(
  Type.Object(Object.fromEntries(Object.entries(TABLE).map(([name, rule]) => [name, Type.Integer({ ...rule })])), {
    additionalProperties: false,
  }),
);

const areSettings = (values: object): values is AgentSettings => schema.Check(values);

/** Throws for a value outside of its bounds: the readers of settings have named it before. */
export function checkedSettings(values: object): AgentSettings {
  if (!areSettings(values)) throw new Error("the settings do not have their schema");
  return values;
}

export const DEFAULT_SETTINGS: AgentSettings = checkedSettings(
  Object.fromEntries(SETTING_RULES.map((rule) => [rule.name, rule.default])),
);
