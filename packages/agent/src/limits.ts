/**
 * Every bound that the agent sets itself. What the server may set (script time, output size) comes
 * with the order.
 */
import { MAX_ERROR_CHARACTERS, MAX_ERROR_TEXTS, MAX_HELD_ORDERS } from "@halligan/protocol/link";

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** From opening the socket to the server's welcome. */
  connectTimeoutMs: 20_000,
  /** From our hello to its answer. */
  helloTimeoutMs: 30_000,
  backoffBaseMs: 500,
  backoffCapMs: 30_000,
  /** A connection that stayed up this long resets the backoff. */
  stableConnectionMs: 30_000,
  /** The connection is closed after this many ping intervals without a frame. */
  silentIntervals: 3,
  /**
   * Frames received and not handled yet. When full, the connection is closed: a server
   * that floods is not read.
   */
  maxQueuedFrames: 256,
  /**
   * Frames that the network has not taken yet. When full, the connection is closed: the
   * server does not read.
   */
  maxUnsentBytes: 16 * MIB,
  /**
   * An order, a verdict or the grant of a start that can be older than this is ignored. The action
   * may have been cancelled since, and that message may have been held back on the network.
   */
  maxGrantAgeMs: 10_000,
  /**
   * A large order may take longer. This is the slowest connection over which it is still accepted.
   */
  slowestConnectionBytesPerMs: 8,
  /** From the end of a connection until its socket is destroyed. */
  socketCloseMs: 5_000,
  /**
   * From dialling a proxy until it has connected: less than `connectTimeoutMs`, so that the proxy
   * is named.
   */
  proxyTimeoutMs: 15_000,
  /** Connections to the server for transfers at a time. */
  maxServerConnections: 4,

  /** After this time without a connection, no further command starts. */
  startWithoutConnectionMs: 60_000,
  /**
   * How long the upload of a cancelled script's output may take before `closed` is sent without it.
   */
  cancelledDeliveryMs: 30_000,
  /** How long stopping waits for the running command's tree to end and its end to be journaled. */
  stopMs: 8_000,

  maxHeldOrders: MAX_HELD_ORDERS,
  /**
   * A journal that is still larger than this after compaction takes no further order (refused as
   * diskFull).
   */
  maxJournalBytes: 128 * MIB,
  /** The journal is compacted when it has grown by this much since the last time. */
  compactJournalAfterBytes: 1 * MIB,
  maxErrorCharacters: MAX_ERROR_CHARACTERS,
  maxErrorTexts: MAX_ERROR_TEXTS,

  readBlockBytes: 1 * MIB,
  /** How much of a block is compressed to find out whether the rest is worth it. */
  compressionSampleBytes: 32 * KIB,
  /** A file that states no size (as in /proc) is read up to this many bytes. */
  maxUnsizedFileBytes: 64 * MIB,
  spoolReadBytes: 64 * KIB,

  /**
   * A whole result is sent again under a new upload id this often when the server finds it
   * incomplete or different.
   */
  uploadRestarts: 3,
  downloadRestarts: 3,
  /** How often a part is sent again when the server found that it changed in transit. */
  partRestarts: 3,
  /**
   * A request that moves no byte for this long is repeated on another connection. Less than the
   * usual stall limit of 2 minutes.
   */
  silentRequestMs: 50_000,
  transferBackoffBaseMs: 500,
  transferBackoffCapMs: 10_000,
  maxErrorBodyBytes: 16 * KIB,

  /**
   * After a script's own exit: how long a background child may keep its output open before the tree
   * is ended.
   */
  pipeGraceMs: 2_000,
  /** From SIGTERM to SIGKILL. */
  killGraceMs: 500,
  /** From SIGKILL until a process that is still there is reported. */
  killWaitMs: 3_000,
  killPollMs: 20,
  /**
   * Where the kernel cannot kill a group as one: looks at what was forked meanwhile, before other
   * work gets its turn.
   */
  cgroupKillRounds: 100,
  /** Each after `killPollMs`. */
  cgroupRemoveTries: 10,
  /** How many processes that a script left are named in its errors. */
  maxNamedProcesses: 10,
  /** Scripts whose left processes are remembered over a restart of the agent. */
  maxKeptCommands: 256,
  /** Remembered of each, for a device without cgroups. */
  maxKeptPids: 64,
  /** Outputs that kept processes have open and that are read on. */
  maxKeptOutputs: 32,
  /**
   * Each after `killPollMs`: how often SIGKILL goes to a script's process group in which no process
   * is to be seen.
   */
  groupKillRounds: 5,
  /** The soft limit of open files of a script: the usual one of Linux. */
  scriptOpenFiles: 1_024,
  /** How long `mkfifo` may take. */
  makePipesMs: 5_000,
  /** How a script is run is decided by these first bytes. */
  maxScriptHeadBytes: 64 * KIB,
  /** A larger script is fetched again for each order. */
  maxKeptScriptBytes: 64 * KIB,
  /** All scripts that are kept in memory. */
  keptScriptsBytes: 1 * MIB,

  enrollTimeoutMs: 30_000,
  maxEnrollAnswerBytes: 64 * KIB,
  maxTokenBytes: 4 * KIB,
} as const;
