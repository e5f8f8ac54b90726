import { randomUUID } from "node:crypto";
import { backgroundClock } from "@halligan/protocol/time";
import type { Logger } from "pino";
import { checkInThreadPool } from "../../auth/signatures/signature-check.ts";
import type { Config } from "../../config/config.ts";
import { systemIds } from "../../ids.ts";
import { publishingStore } from "../../service/actions/publish-changes.ts";
import type { ServiceContext, ServiceLimits } from "../../service/context.ts";
import type { Measures } from "../../service/measures.ts";
import { agentsOfNode } from "../../service/ready-agents.ts";
import { ResultSpace } from "../../service/result-space.ts";
import type { Backends } from "./open-backends.ts";

/** The context of all use cases. The node takes its name when it joins the others. */
export function serviceContext(
  config: Config,
  { store, blobs, bus, keys }: Backends,
  { log, measures }: { readonly log: Logger; readonly measures: Measures },
): ServiceContext & { readonly node: { id: string } } {
  return {
    store: publishingStore(store, bus),
    blobs,
    bus,
    clock: backgroundClock,
    ids: systemIds(backgroundClock.nowMs),
    limits: serviceLimits(config),
    policy: config.policy,
    keys,
    checkSignature: checkInThreadPool,
    publicUrl: config.publicUrl,
    resultLinks: config.resultLinks,
    measures,
    resultSpace: new ResultSpace(backgroundClock.monotonicMs),
    ...agentsOfNode(backgroundClock),
    node: { id: randomUUID() },
    log,
  };
}

function serviceLimits({ numbers, runAsUsers }: Config): ServiceLimits {
  return {
    queueTimeoutMs: numbers.queueTimeoutMs,
    runningSessions: numbers.runningSessions,
    sessionRetryAfterMs: numbers.sessionRetryAfterMs,
    sessionPlaceGraceMs: numbers.sessionPlaceGraceMs,
    lostMachineTimeoutMs: numbers.lostMachineTimeoutMs,
    orderAcceptanceMs: numbers.orderAcceptanceMs,
    actionGraceMs: numbers.actionGraceMs,
    resultLinkLifetimeMs: numbers.resultLinkLifetimeMs,
    libraryUploadLimitBytes: numbers.libraryUploadLimitBytes,
    libraryRetentionMs: numbers.libraryRetentionMs,
    stagedContentLifetimeMs: numbers.stagedContentLifetimeMs,
    stagedContentLimitBytes: numbers.stagedContentLimitBytes,
    uploadLeftoverMs: numbers.uploadLeftoverMs,
    archiveLimitFiles: numbers.archiveLimitFiles,
    archiveLimitBytes: numbers.archiveLimitBytes,
    resultLimitBytes: numbers.resultLimitBytes,
    machineResultsLimitBytes: numbers.machineResultsLimitBytes,
    allResultsLimitBytes: numbers.allResultsLimitBytes,
    healthGraceMs: numbers.healthGraceMs,
    resultRetentionMs: numbers.resultRetentionMs,
    actionRetentionMs: numbers.actionRetentionMs,
    order: {
      scriptTimeoutMs: numbers.scriptTimeoutMs,
      transferTimeoutMs: numbers.transferTimeoutMs,
      stallTimeoutMs: numbers.transferStallTimeoutMs,
      outputLimitBytes: numbers.scriptOutputLimitBytes,
    },
    // A caller may always choose what holds without its choice.
    options: {
      scriptTimeoutMs: Math.max(numbers.maxScriptTimeoutMs, numbers.scriptTimeoutMs),
      outputLimitBytes: Math.max(numbers.maxScriptOutputLimitBytes, numbers.scriptOutputLimitBytes),
      queueTimeoutMs: Math.max(numbers.maxQueueTimeoutMs, numbers.queueTimeoutMs),
      notBeforeMs: numbers.maxNotBeforeMs,
      runAs: runAsUsers,
    },
  };
}
