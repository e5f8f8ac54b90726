export interface NumberRule {
  default: number;
  /** Default under the profile `open`, which lifts the throttles. */
  open?: number;
  min: number;
  max: number;
}

/** Which defaults the throttles have. */
export type LimitsProfile = "defender" | "open";

const UNLIMITED = 1_000_000_000;

/**
 * Every number that a deployment may change, with its default and where that comes from. The environment name is
 * `HALLIGAN_` and the name here in capitals: `queueTimeoutMs` is `HALLIGAN_QUEUE_TIMEOUT_MS`.
 */
export const NUMBER_SETTINGS = {
  /** Runs a caller may start in a minute. Source: docs/contract/http-api.md#rate-limits [D]. */
  runRequestsPerMinute: { default: 10, open: UNLIMITED, min: 1, max: UNLIMITED },
  /** Calls of one operation of the contract by one caller, in a minute and in an hour. Source: the same [D]. */
  requestsPerMinute: { default: 100, open: UNLIMITED, min: 1, max: UNLIMITED },
  requestsPerHour: { default: 1_500, open: UNLIMITED, min: 1, max: UNLIMITED },
  /**
   * Running sessions of the deployment. Source: docs/contract/disagreements.md#row-2: 25 in the
   * older text, 50 in the 2026 text.
   */
  runningSessions: { default: 25, open: UNLIMITED, min: 1, max: UNLIMITED },
  /** `Retry-After` when all places for sessions are taken: nobody knows when one gets free. */
  sessionRetryAfterMs: { default: 30_000, min: 1_000, max: 3_600_000 },
  /** A running session whose machine is away keeps its place this long. */
  sessionPlaceGraceMs: { default: 5 * 60_000, min: 0, max: 24 * 3_600_000 },
  /**
   * Longest time a Pending action waits for its machine. 3 days. Source:
   * docs/contract/lifecycle.md#queue-and-concurrency [D]; the 2026 text says 2 hours.
   */
  queueTimeoutMs: { default: 3 * 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** Running action whose device fell silent: TimeOut after this. */
  lostMachineTimeoutMs: { default: 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** A sent order may be accepted for this long, by the server's clock. */
  orderAcceptanceMs: { default: 120_000, min: 1_000, max: 3_600_000 },
  /** How long an action may hold a session slot beyond what its commands may take by their own limits. */
  actionGraceMs: { default: 600_000, min: 0, max: 24 * 3_600_000 },
  /**
   * Longest run of a script. 10 minutes. Source: docs/contract/lifecycle.md#queue-and-concurrency
   * [D].
   */
  scriptTimeoutMs: { default: 600_000, min: 100, max: 24 * 3_600_000 },
  /** Longest GetFile or PutFile. */
  transferTimeoutMs: { default: 1_800_000, min: 1_000, max: 24 * 3_600_000 },
  /** Longest stretch of a transfer in which no byte moves. */
  transferStallTimeoutMs: { default: 120_000, min: 1_000, max: 3_600_000 },
  /** How much of stdout, and of stderr, of a script is kept, each. */
  scriptOutputLimitBytes: { default: 10 * 1024 * 1024, min: 0, max: 1024 * 1024 * 1024 },
  /**
   * Life of a result link. 30 minutes. Source: docs/contract/http-api.md#result-download-link [D].
   */
  resultLinkLifetimeMs: { default: 30 * 60_000, min: 1_000, max: 24 * 3_600_000 },
  /**
   * Library upload through /api/libraryfiles. 20 MB. Source:
   * docs/contract/http-api.md#library-files [D].
   */
  libraryApiUploadLimitBytes: { default: 20 * 1024 * 1024, min: 1, max: 1024 ** 4 },
  /** Library upload through /halligan/v1/library. */
  libraryUploadLimitBytes: { default: 4 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /** Content that a caller staged for actions is kept this long while no action refers to it. Above the CLI's longest wait of a day. */
  stagedContentLifetimeMs: { default: 3 * 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** Content that one caller has staged and no action refers to. */
  stagedContentLimitBytes: { default: 16 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /** One result of a command. */
  resultLimitBytes: { default: 64 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /** All results of one machine that are kept or being uploaded. */
  machineResultsLimitBytes: { default: 256 * 1024 ** 3, min: 1, max: 1024 ** 5 },
  /** The same of all machines. */
  allResultsLimitBytes: { default: 4 * 1024 ** 4, min: 1, max: 1024 ** 5 },
  /** Free space of the blob folder's file system that no file of a device or caller may take: the database lives on. */
  diskReserveBytes: { default: 512 * 1024 ** 2, min: 0, max: 1024 ** 5 },
  /**
   * How long the bytes of results are kept after their action ended. 30 days. Source:
   * docs/contract/choices.md#retention.
   */
  resultRetentionMs: { default: 30 * 24 * 3_600_000, min: 60_000, max: 10 * 365 * 24 * 3_600_000 },
  /** How long the content of a replaced or deleted library file is kept. Longer while an action that was made before is open. */
  libraryRetentionMs: { default: 30 * 24 * 3_600_000, min: 1_000, max: 10 * 365 * 24 * 3_600_000 },
  /** How long actions are kept. 180 days. Source: docs/contract/choices.md#retention. */
  actionRetentionMs: { default: 180 * 24 * 3_600_000, min: 60_000, max: 10 * 365 * 24 * 3_600_000 },
  /** Requests whose body is read without authentication (enrollment, tokens), from one address. A sixth of them may come at once. */
  anonymousRequestsPerMinute: { default: 6_000, min: 1, max: UNLIMITED },
  /** Wrong secrets, assertions and enrollment tokens after which more wait: of one account from one address, of one address, of one account. */
  failedSignInsPerMinute: { default: 20, min: 1, max: UNLIMITED },
  failedSignInsPerAddressPerMinute: { default: 300, min: 1, max: UNLIMITED },
  failedSignInsPerAccountPerMinute: { default: 600, min: 1, max: UNLIMITED },
  /** Log lines that requests of one address without authentication cause. */
  unauthenticatedLogLinesPerMinute: { default: 600, min: 1, max: UNLIMITED },
  /** A JSON body. */
  jsonBodyLimitBytes: { default: 1024 * 1024, min: 1_024, max: 16 * 1024 * 1024 },
  /** Agents say something this often; three intervals of silence end a link. */
  linkPingIntervalMs: { default: 20_000, min: 100, max: 600_000 },
  /** Connections whose device is not known yet. They take nothing of `maxLinks`; beyond, the address with most loses its oldest. */
  maxUnauthenticatedLinks: { default: 4_096, min: 1, max: 1_000_000 },
  /** The same from one address. A thousand devices behind one address come back at once after a restart. */
  maxUnauthenticatedLinksPerAddress: { default: 1_024, min: 1, max: 1_000_000 },
  /** Connections from one address that prove no key: a minute's worth at once, then evenly. */
  linkAttemptsPerAddressPerMinute: { default: 3_000, min: 1, max: UNLIMITED },
  /** Handshakes of one machine. Backoff of an honest agent makes ten in its worst minute. */
  handshakesPerMachinePerMinute: { default: 30, min: 1, max: UNLIMITED },
  /** Frames that are read of one connection; beyond, they wait in the network. A frame counts once more for each 8 KiB. */
  linkFramesPerSecond: { default: 1_000, min: 10, max: UNLIMITED },
  /** Machines that are connected at once. */
  maxLinks: { default: 20_000, min: 1, max: 1_000_000 },
  /** Streams of an action's events that a node has open at once; some 40 KB each, measured. */
  maxEventStreams: { default: 1_000, min: 0, max: 100_000 },
  /** The same of one application or user. */
  maxCallerEventStreams: { default: 250, min: 0, max: 100_000 },
  /** How long a machine may be without a link before it no longer counts as Active. */
  healthGraceMs: { default: 60_000, min: 0, max: 24 * 3_600_000 },
  /** How often the store is read again for what a lost wake-up left behind. */
  rereadIntervalMs: { default: 5_000, min: 50, max: 3_600_000 },
  /** How often stored deadlines are compared with the clock. */
  sweepIntervalMs: { default: 1_000, min: 50, max: 3_600_000 },
  /** How often the files of the certificate and its key are read again. */
  tlsReloadIntervalMs: { default: 10_000, min: 100, max: 24 * 3_600_000 },
  /** Unfinished uploads to which nothing was added for this long are removed. */
  uploadLeftoverMs: { default: 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** Stopping waits this long for requests under way. */
  drainTimeoutMs: { default: 10_000, min: 0, max: 600_000 },
} as const satisfies Record<string, NumberRule>;

export type NumberSetting = keyof typeof NUMBER_SETTINGS;
export type NumberSettings = Record<NumberSetting, number>;

/** `queueTimeoutMs` -> `HALLIGAN_QUEUE_TIMEOUT_MS` */
export const environmentName = (setting: string): string =>
  `HALLIGAN_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
