import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@halligan/protocol/time";
import pino from "pino";
import { checkInThreadPool } from "../../../src/auth/signatures/signature-check.ts";
import { openDiskBlobStore } from "../../../src/blobs/disk/disk-blob-store.ts";
import { localBus } from "../../../src/bus/local-bus.ts";
import { CONTRACT_POLICY } from "../../../src/domain/identity/policy.ts";
import { NO_RECOVERY, type ServiceContext } from "../../../src/service/context.ts";
import { NO_MEASURES } from "../../../src/service/measures.ts";
import { agentsOfNode } from "../../../src/service/ready-agents.ts";
import { ResultSpace } from "../../../src/service/result-space.ts";
import { orderKeyPair } from "../../../src/setup/keys/keys.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";

/** Time moves only when the test sets it. The wall clock may differ from the monotonic one. */
export class HandClock implements Clock {
  wallMs = 1_800_000_000_000;
  #monotonicMs = 0;
  #timers = new Set<{ atMs: number; fn: () => void }>();

  nowMs(): number {
    return this.wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, fn: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + delayMs, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Advances both clocks and calls what is due by then. */
  pass(ms: number): void {
    this.wallMs += ms;
    this.#monotonicMs += ms;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.#monotonicMs)) {
      this.#timers.delete(timer);
      timer.fn();
    }
  }
}

export type Service = ServiceContext & { clock: HandClock } & AsyncDisposable;

/** Use cases over a real store in a temporary folder. */
export async function openService(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-service-"));
  const store = await SqliteStore.open(join(folder, "halligan.db"));
  const order = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const clock = new HandClock();
  return {
    store,
    blobs: await openDiskBlobStore({ folder: join(folder, "blobs"), random: randomBytes }),
    bus: localBus(),
    clock,
    ids: { guid: randomUUID, random: randomBytes },
    limits: LIMITS,
    policy: CONTRACT_POLICY,
    checkSignature: checkInThreadPool,
    keys: {
      order: ring(orderKeyPair(String(order))),
      resultLink: ring(randomBytes(32)),
      linkTicket: ring(randomBytes(32)),
      orderKeySet: 1,
      recovery: NO_RECOVERY,
    },
    publicUrl: "https://halligan.test",
    measures: NO_MEASURES,
    resultSpace: new ResultSpace(() => 0),
    ...agentsOfNode(clock),
    resultLinks: "stream",
    node: { id: "node-1" },
    log: pino({ level: "silent" }),
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

const HOUR_MS = 3_600_000;
const LIMITS: ServiceContext["limits"] = {
  queueTimeoutMs: 72 * HOUR_MS,
  runningSessions: 25,
  sessionRetryAfterMs: 30_000,
  sessionPlaceGraceMs: 300_000,
  lostMachineTimeoutMs: 24 * HOUR_MS,
  orderAcceptanceMs: 120_000,
  actionGraceMs: 60_000,
  resultLinkLifetimeMs: 1_800_000,
  libraryUploadLimitBytes: 1_000,
  libraryRetentionMs: 30 * 24 * 3_600_000,
  stagedContentLifetimeMs: 3 * 24 * 3_600_000,
  stagedContentLimitBytes: 4_000_000,
  uploadLeftoverMs: 24 * 3_600_000,
  archiveLimitFiles: 1_000,
  archiveLimitBytes: 1_000_000,
  resultLimitBytes: 1_000,
  machineResultsLimitBytes: 1_000_000,
  allResultsLimitBytes: 1_000_000,
  healthGraceMs: 60_000,
  resultRetentionMs: 30 * 24 * HOUR_MS,
  actionRetentionMs: 180 * 24 * HOUR_MS,
  order: { scriptTimeoutMs: 1_000, transferTimeoutMs: 1_000, stallTimeoutMs: 1_000, outputLimitBytes: 1_000 },
  options: {
    scriptTimeoutMs: 3_600_000,
    outputLimitBytes: 100_000,
    queueTimeoutMs: 7 * 24 * 3_600_000,
    notBeforeMs: 7 * 24 * 3_600_000,
    runAs: "any",
  },
};

const ring = <K>(signing: K) => ({ signing, accepted: [signing] });
