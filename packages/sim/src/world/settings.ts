import type { BackgroundJobIntervals, ServiceLimits } from "@halligan/server/simulation";

/**
 * Times are shorter than the product's defaults but keep their order (ping < acceptance < script <
 * lost device < queue). Every deadline passes within an hour of simulated time.
 */
export const PING_INTERVAL_MS = 28_000;
/** Of the jobs of the server whose intervals are settings. */
export const JOB_INTERVALS: BackgroundJobIntervals = {
  sweepIntervalMs: 20_000,
  rereadIntervalMs: 20_000,
  uploadLeftoverMs: 20 * 60_000,
  tlsReloadIntervalMs: 60_000,
};

export const serviceLimits = (runningSessions: number): ServiceLimits => ({
  queueTimeoutMs: 15 * 60_000,
  runningSessions,
  sessionRetryAfterMs: 30_000,
  sessionPlaceGraceMs: 2 * 60_000,
  lostMachineTimeoutMs: 10 * 60_000,
  orderAcceptanceMs: 60_000,
  actionGraceMs: 5 * 60_000,
  resultLinkLifetimeMs: 30 * 60_000,
  libraryUploadLimitBytes: 1_000_000,
  libraryRetentionMs: 30 * 24 * 3_600_000,
  stagedContentLifetimeMs: 3 * 24 * 3_600_000,
  stagedContentLimitBytes: 4_000_000,
  uploadLeftoverMs: 24 * 3_600_000,
  archiveLimitFiles: 1_000,
  archiveLimitBytes: 1_000_000,
  resultLimitBytes: 64 * 1024 ** 3,
  machineResultsLimitBytes: 1024 ** 4,
  allResultsLimitBytes: 1024 ** 4,
  healthGraceMs: 60_000,
  resultRetentionMs: 30 * 24 * 3_600_000,
  actionRetentionMs: 180 * 24 * 3_600_000,
  order: {
    scriptTimeoutMs: 4 * 60_000,
    transferTimeoutMs: 5 * 60_000,
    stallTimeoutMs: 2 * 60_000,
    outputLimitBytes: 1_000_000,
  },
  options: {
    scriptTimeoutMs: 4 * 60_000,
    outputLimitBytes: 1_000_000,
    queueTimeoutMs: 15 * 60_000,
    notBeforeMs: 15 * 60_000,
    runAs: "any",
  },
});
