export interface NumberRule {
  default: number;
  /** Default under the profile `open`, which lifts the throttles. */
  open?: number;
  min: number;
  max: number;
}

/** Selects the defaults of the throttles. */
export type LimitsProfile = "defender" | "open";

const UNLIMITED = 1_000_000_000;

/**
 * Every number that a deployment may change, with its default and the source of the default. The
 * environment name is `HALLIGAN_` and the name here in capitals: `queueTimeoutMs` is
 * `HALLIGAN_QUEUE_TIMEOUT_MS`.
 */
export const NUMBER_SETTINGS = {
  /**
   * Starts of live response by one caller in a minute. Source:
   * docs/contract/http-api.md#rate-limits [D].
   */
  runRequestsPerMinute: { default: 10, open: UNLIMITED, min: 1, max: UNLIMITED },
  /**
   * Calls of one operation of the contract by one caller, in a minute and in an hour. Source: as
   * above [D].
   */
  requestsPerMinute: { default: 100, open: UNLIMITED, min: 1, max: UNLIMITED },
  requestsPerHour: { default: 1_500, open: UNLIMITED, min: 1, max: UNLIMITED },
  /**
   * Running sessions of the deployment. Source: docs/contract/disagreements.md#row-2: 25 in the
   * older text, 50 in the 2026 text.
   */
  runningSessions: { default: 25, open: UNLIMITED, min: 1, max: UNLIMITED },
  /**
   * `Retry-After` when all session slots are in use. It is a guess, because it is unknown when a
   * slot becomes free.
   */
  sessionRetryAfterMs: { default: 30_000, min: 1_000, max: 3_600_000 },
  /** A running session keeps its slot this long while its machine is offline. */
  sessionPlaceGraceMs: { default: 5 * 60_000, min: 0, max: 24 * 3_600_000 },
  /**
   * Longest time a Pending action waits for its machine. 3 days. Source:
   * docs/contract/lifecycle.md#queue-and-concurrency [D]; the 2026 text says 2 hours.
   */
  queueTimeoutMs: { default: 3 * 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** The largest `queueTimeoutMs` that a caller may choose for an action. */
  maxQueueTimeoutMs: { default: 30 * 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** How far in the future the `notBefore` of an action may be. */
  maxNotBeforeMs: { default: 30 * 24 * 3_600_000, min: 0, max: 365 * 24 * 3_600_000 },
  /** A running action whose device is silent becomes TimeOut after this. */
  lostMachineTimeoutMs: { default: 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** A sent order may be accepted for this long, by the server's clock. */
  orderAcceptanceMs: { default: 120_000, min: 1_000, max: 3_600_000 },
  /** How long an action may hold a session slot beyond the limits of its commands. */
  actionGraceMs: { default: 600_000, min: 0, max: 24 * 3_600_000 },
  /**
   * Longest run of a script. 10 minutes. Source: docs/contract/lifecycle.md#queue-and-concurrency
   * [D].
   */
  scriptTimeoutMs: { default: 600_000, min: 100, max: 24 * 3_600_000 },
  /** The largest `scriptTimeoutMs` that a caller may choose for an action. */
  maxScriptTimeoutMs: { default: 4 * 3_600_000, min: 100, max: 24 * 3_600_000 },
  /** Longest GetFile or PutFile. */
  transferTimeoutMs: { default: 1_800_000, min: 1_000, max: 24 * 3_600_000 },
  /** Longest time of a transfer without a byte. */
  transferStallTimeoutMs: { default: 120_000, min: 1_000, max: 3_600_000 },
  /** Size limit for the stdout and for the stderr of a script. */
  scriptOutputLimitBytes: { default: 10 * 1024 * 1024, min: 0, max: 64 * 1024 ** 3 },
  /** The largest `outputLimitBytes` that a caller may choose for an action. */
  maxScriptOutputLimitBytes: { default: 100 * 1024 * 1024, min: 0, max: 64 * 1024 ** 3 },
  /**
   * Lifetime of a result link. 30 minutes. Source: docs/contract/http-api.md#result-download-link
   * [D].
   */
  resultLinkLifetimeMs: { default: 30 * 60_000, min: 1_000, max: 24 * 3_600_000 },
  /**
   * Library upload through /api/libraryfiles. 20 MB. Source:
   * docs/contract/http-api.md#library-files [D].
   */
  libraryApiUploadLimitBytes: { default: 20 * 1024 * 1024, min: 1, max: 1024 ** 4 },
  /** Library upload through /halligan/v1/library. */
  libraryUploadLimitBytes: { default: 4 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /**
   * Staged content is kept this long while no action refers to it. Longer than the CLI's longest
   * wait of a day.
   */
  stagedContentLifetimeMs: { default: 3 * 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** Content that one caller has staged and no action refers to. */
  stagedContentLimitBytes: { default: 16 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /** Entries and content of one archive of a GetFile; a request may ask for less. */
  archiveLimitFiles: { default: 100_000, min: 1, max: 10_000_000 },
  archiveLimitBytes: { default: 16 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /** One result of a command. */
  resultLimitBytes: { default: 64 * 1024 ** 3, min: 1, max: 1024 ** 4 },
  /** All results of one machine that are kept or being uploaded. */
  machineResultsLimitBytes: { default: 256 * 1024 ** 3, min: 1, max: 1024 ** 5 },
  /** The same for all machines together. */
  allResultsLimitBytes: { default: 4 * 1024 ** 4, min: 1, max: 1024 ** 5 },
  /**
   * Free space of the blob folder's file system that no file of a device or caller may take. The
   * database needs it.
   */
  diskReserveBytes: { default: 512 * 1024 ** 2, min: 0, max: 1024 ** 5 },
  /**
   * How long the bytes of results are kept after their action ended. 30 days. Source:
   * docs/contract/choices.md#retention.
   */
  resultRetentionMs: { default: 30 * 24 * 3_600_000, min: 60_000, max: 10 * 365 * 24 * 3_600_000 },
  /**
   * How long the content of a replaced or deleted library file is kept. Longer while an action that
   * was accepted before is open.
   */
  libraryRetentionMs: { default: 30 * 24 * 3_600_000, min: 1_000, max: 10 * 365 * 24 * 3_600_000 },
  /** How long actions are kept. 180 days. Source: docs/contract/choices.md#retention. */
  actionRetentionMs: { default: 180 * 24 * 3_600_000, min: 60_000, max: 10 * 365 * 24 * 3_600_000 },
  /**
   * Requests with a body and without authentication (enrollment, tokens), from one address. A sixth
   * of them may come at once.
   */
  anonymousRequestsPerMinute: { default: 6_000, min: 1, max: UNLIMITED },
  /**
   * Wrong secrets, assertions and enrollment tokens after which further attempts must wait: of one
   * account from one address, of one address, of one account.
   */
  failedSignInsPerMinute: { default: 20, min: 1, max: UNLIMITED },
  failedSignInsPerAddressPerMinute: { default: 300, min: 1, max: UNLIMITED },
  failedSignInsPerAccountPerMinute: { default: 600, min: 1, max: UNLIMITED },
  /** Log lines that requests without authentication from one address may cause. */
  unauthenticatedLogLinesPerMinute: { default: 600, min: 1, max: UNLIMITED },
  /** Size of a JSON body. */
  jsonBodyLimitBytes: { default: 1024 * 1024, min: 1_024, max: 16 * 1024 * 1024 },
  /** Agents send a heartbeat at this interval. Three intervals of silence end a connection. */
  linkPingIntervalMs: { default: 20_000, min: 100, max: 600_000 },
  /**
   * Connections whose device has not proven a key yet. They do not count against `maxLinks`. Beyond
   * the limit the address with the most connections loses its oldest one.
   */
  maxUnauthenticatedLinks: { default: 4_096, min: 1, max: 1_000_000 },
  /**
   * The same from one address. A thousand devices behind one address reconnect at once after a
   * restart.
   */
  maxUnauthenticatedLinksPerAddress: { default: 1_024, min: 1, max: 1_000_000 },
  /**
   * Connections from one address that prove no key: a minute's number at once, then at the same
   * rate.
   */
  linkAttemptsPerAddressPerMinute: { default: 3_000, min: 1, max: UNLIMITED },
  /** Handshakes of one machine. With its backoff an honest agent makes ten in its worst minute. */
  handshakesPerMachinePerMinute: { default: 30, min: 1, max: UNLIMITED },
  /**
   * Frames that are read from one connection. Further ones wait in the network. A frame counts once
   * more for each 8 KiB.
   */
  linkFramesPerSecond: { default: 1_000, min: 10, max: UNLIMITED },
  /** Number of connected machines. */
  maxLinks: { default: 20_000, min: 1, max: 1_000_000 },
  /** Open event streams of actions on a node; each takes some 40 KB, measured. */
  maxEventStreams: { default: 1_000, min: 0, max: 100_000 },
  /** The same for one application or user. */
  maxCallerEventStreams: { default: 250, min: 0, max: 100_000 },
  /** Requests on a node that wait for the end of their action (`wait`). */
  maxWaitingRequests: { default: 1_000, min: 0, max: 100_000 },
  /** The same for one application or user. */
  maxCallerWaitingRequests: { default: 250, min: 0, max: 100_000 },
  /**
   * Longest `wait` of a request; a longer one ends then. Many proxies give up after 60 s of
   * silence, and the server after 120 s.
   */
  maxActionWaitMs: { default: 50_000, min: 0, max: 110_000 },
  /**
   * Downloads of results in progress on a node; each takes some 0.4 MB while its client does not
   * read, measured.
   */
  maxDownloads: { default: 256, min: 1, max: 100_000 },
  /** The same for the links of one application or user. */
  maxCallerDownloads: { default: 64, min: 1, max: 100_000 },
  /** How long a machine may be disconnected before it no longer counts as Active. */
  healthGraceMs: { default: 60_000, min: 0, max: 24 * 3_600_000 },
  /** How often the store is polled for work whose wake-up was lost. */
  rereadIntervalMs: { default: 5_000, min: 50, max: 3_600_000 },
  /** How often stored deadlines are compared with the clock. */
  sweepIntervalMs: { default: 1_000, min: 50, max: 3_600_000 },
  /** How often the files of the certificate and its key are read again. */
  tlsReloadIntervalMs: { default: 10_000, min: 100, max: 24 * 3_600_000 },
  /** Unfinished uploads are removed if nothing was added to them for this long. */
  uploadLeftoverMs: { default: 24 * 3_600_000, min: 1_000, max: 365 * 24 * 3_600_000 },
  /** A stopping server waits this long for running requests. */
  drainTimeoutMs: { default: 10_000, min: 0, max: 600_000 },
} as const satisfies Record<string, NumberRule>;

export type NumberSetting = keyof typeof NUMBER_SETTINGS;
export type NumberSettings = Record<NumberSetting, number>;

/** `queueTimeoutMs` -> `HALLIGAN_QUEUE_TIMEOUT_MS` */
export const environmentName = (setting: string): string =>
  `HALLIGAN_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
