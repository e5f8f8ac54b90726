import { type Clock, sleep } from "@halligan/protocol/time";
import type { Logger } from "pino";
import { HEARTBEAT_INTERVAL_MS } from "../domain/cluster/node-lease.ts";
import { applyRetention } from "../service/actions/apply-retention.ts";
import { expireActions, type OverdueSince } from "../service/actions/expire-actions.ts";
import type { NodeLease } from "../service/cluster/node-lease.ts";
import type { ServiceContext } from "../service/context.ts";
import { removeUnusedLibraryContent } from "../service/library/remove-unused-library-content.ts";
import { removeAbandonedUploads } from "../service/results/remove-abandoned-uploads.ts";

/** Work that the server does by time, without a request. */
export interface BackgroundJob {
  readonly name: string;
  /** From the end of one run to the start of the next one. */
  readonly intervalMs: number;
  run(): Promise<unknown>;
}

export interface BackgroundJobIntervals {
  readonly sweepIntervalMs: number;
  readonly rereadIntervalMs: number;
  readonly uploadLeftoverMs: number;
  readonly tlsReloadIntervalMs: number;
}

export interface BackgroundJobParts {
  readonly service: ServiceContext;
  readonly gateway: { rereadStore(): Promise<unknown> };
  /** Null where no other node uses the same database. */
  readonly lease: NodeLease | null;
  /** Null where this process does not end TLS. */
  readonly certificate: { reload(isAsked: boolean): Promise<unknown> } | null;
  readonly intervals: BackgroundJobIntervals;
}

/** Retention counts in days, so a batch each minute keeps up with new rows. */
const RETENTION_INTERVAL_MS = 60_000;
/** The space of a cancelled upload is free again this long after its output is no longer taken. */
const ABANDONED_INTERVAL_MS = 10_000;

/** The one list of background jobs; the simulation runs it too. Only one node runs a shared job. */
export function backgroundJobs(parts: BackgroundJobParts): readonly BackgroundJob[] {
  const { service, gateway, lease, certificate, intervals } = parts;
  const { blobs, clock } = service;
  const { sweepIntervalMs, rereadIntervalMs, uploadLeftoverMs, tlsReloadIntervalMs } = intervals;
  const overdue: OverdueSince = new Map();
  const shared = (run: () => Promise<unknown>) => async () => {
    if (!lease || lease.isSweeper) await run();
  };
  const jobs: BackgroundJob[] = [
    {
      name: "expire actions",
      intervalMs: sweepIntervalMs,
      run: shared(() => expireActions(service, overdue)),
    },
    { name: "reread store", intervalMs: rereadIntervalMs, run: () => gateway.rereadStore() },
    {
      name: "apply retention",
      intervalMs: RETENTION_INTERVAL_MS,
      run: shared(() => applyRetention(service)),
    },
    {
      name: "remove unused library content",
      intervalMs: RETENTION_INTERVAL_MS,
      run: shared(() => removeUnusedLibraryContent(service)),
    },
    {
      name: "sweep unfinished uploads",
      intervalMs: uploadLeftoverMs / 4,
      run: shared(() => blobs.sweepPartials(uploadLeftoverMs, clock.nowMs())),
    },
    {
      name: "remove abandoned uploads",
      intervalMs: ABANDONED_INTERVAL_MS,
      run: shared(() => removeAbandonedUploads(service, uploadLeftoverMs)),
    },
  ];
  if (certificate) {
    const run = () => certificate.reload(false);
    jobs.push({ name: "reload certificate", intervalMs: tlsReloadIntervalMs, run });
  }
  if (lease) {
    jobs.push(
      { name: "node lease", intervalMs: HEARTBEAT_INTERVAL_MS, run: () => lease.heartbeat() },
      { name: "dead nodes", intervalMs: HEARTBEAT_INTERVAL_MS, run: shared(() => lease.reapLapsedNodes()) },
    );
  }
  return jobs;
}

/** Runs each job in a loop until `signal` aborts. Resolves when the runs in progress have ended. */
export async function runJobs(
  jobs: readonly BackgroundJob[],
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(jobs.map((job) => repeat(job, clock, log, signal)));
}

/** The same, with the disposal as its end. */
export function startJobs(
  jobs: readonly BackgroundJob[],
  ports: { readonly clock: Clock; readonly log: Logger },
): AsyncDisposable {
  const stop = new AbortController();
  const running = runJobs(jobs, ports, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/**
 * A run that throws is logged and does not end the loop: what it should have done is still in the
 * store for the next run.
 */
async function repeat(job: BackgroundJob, clock: Clock, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await job.run();
    } catch (cause) {
      log.error({ err: cause, job: job.name }, "background job failed");
    }
    await sleep(clock, job.intervalMs, signal).catch(() => undefined);
  }
}
