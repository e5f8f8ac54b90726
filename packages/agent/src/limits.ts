/**
 * The bounds of the agent that no setting changes; `settings.ts` has the ones that an operator may
 * change. What the server may set (script time, output size) comes with the signed order.
 *
 * A bound is here for one of three reasons. Server and device must agree on it, because it belongs
 * to the protocol: frames that are queued or unsent, their rate and age, held orders, error texts.
 * Or it is a step of the program's own, such as the size of a buffer or the interval of a poll,
 * with no effect that an operator can see. Or a hostile server could use a larger one.
 */
import { MAX_ERROR_CHARACTERS, MAX_ERROR_TEXTS, MAX_HELD_ORDERS } from "@halligan/protocol/link";

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
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

  maxHeldOrders: MAX_HELD_ORDERS,
  /** Longest time for which a record is only written and not synced. */
  syncJournalAfterMs: 1_000,
  /** The journal is compacted when it has grown by this much since the last time. */
  compactJournalAfterBytes: 1 * MIB,
  maxErrorCharacters: MAX_ERROR_CHARACTERS,
  maxErrorTexts: MAX_ERROR_TEXTS,

  /** Lines of the owner's log that wait for a full disk. No order is accepted meanwhile. */
  maxWaitingLogLines: 4_096,
  /** 1,000 commands with the shortest texts, each character escaped, have less. */
  maxLogLineBytes: 8 * MIB,
  /** How often the files of the log are looked at again when they are rotated meanwhile. */
  logReadTries: 10,
  /** `halligan-agent log --follow` looks for new lines this often. */
  logFollowMs: 500,

  readBlockBytes: 1 * MIB,
  /** How much of a block is compressed to find out whether the rest is worth it. */
  compressionSampleBytes: 32 * KIB,
  spoolReadBytes: 64 * KIB,

  /** A file of an archive that states no size, as in /proc, is read up to one block. */
  archiveBlockBytes: 1 * MIB,
  /** A part of the manifest is written into the archive when it is this long. */
  manifestPartBytes: 256 * KIB,
  /**
   * All names of a folder are in memory while it is collected. A folder that is larger than this
   * by its own size is not listed. ext4 needs about 30 bytes for a name.
   */
  maxFolderListBytes: 64 * MIB,
  /** Remembered of an archive: files with several names. A further one is stored once more. */
  maxHardLinks: 10_000,
  maxPatternBytes: 4_096,
  /** How long a program may take that looks a user up, or tries a change of the user. */
  userLookupMs: 10_000,
  /** Of one user, with its groups. */
  maxUserBytes: 1 * MIB,
  /** Of /etc/passwd and /etc/group. */
  maxOwnersFileBytes: 1 * MIB,
  /** How many errors of an archive are named in the errors of its command. */
  maxNamedErrors: 3,

  maxErrorBodyBytes: 16 * KIB,

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
  /** Remembered of each, for a device without cgroups. */
  maxKeptPids: 64,
  /**
   * Each after `killPollMs`: how often SIGKILL goes to a script's process group in which no process
   * is to be seen.
   */
  groupKillRounds: 5,
  /**
   * From the start of a script until its output is read as it comes. A pipe holds 64 KiB; a script
   * that writes more waits until then, once.
   */
  pipeReadDelayMs: 20,
  /** Read in one go when a script has ended. What a process that it left writes comes later. */
  pipeDrainBytes: 256 * KIB,
  /** How long `mkfifo` may take. */
  makePipesMs: 5_000,
  /** How a script is run is decided by these first bytes. */
  maxScriptHeadBytes: 64 * KIB,

  maxEnrollAnswerBytes: 64 * KIB,
  maxTokenBytes: 4 * KIB,
} as const;
