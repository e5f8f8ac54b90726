import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { ApplicationCaller, UserCaller } from "../../src/auth/caller.ts";
import { checkInThreadPool } from "../../src/auth/signatures/signature-check.ts";
import { openDiskBlobStore } from "../../src/blobs/disk/disk-blob-store.ts";
import { localBus } from "../../src/bus/local-bus.ts";
import { CONTRACT_POLICY } from "../../src/domain/identity/policy.ts";
import type { Machine } from "../../src/domain/machines/machine.ts";
import { NO_RECOVERY, type ServiceContext, type ServiceLimits } from "../../src/service/context.ts";
import { NO_MEASURES } from "../../src/service/measures.ts";
import { agentsOfNode } from "../../src/service/ready-agents.ts";
import { ResultSpace } from "../../src/service/result-space.ts";
import { loadKeys } from "../../src/setup/keys/keys.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { sampleMachine } from "../unit/domain/sample-action.ts";

export const LIMITS: ServiceLimits = {
  queueTimeoutMs: 3 * 24 * 3_600_000,
  runningSessions: 25,
  sessionRetryAfterMs: 30_000,
  sessionPlaceGraceMs: 300_000,
  lostMachineTimeoutMs: 24 * 3_600_000,
  orderAcceptanceMs: 120_000,
  actionGraceMs: 600_000,
  resultLinkLifetimeMs: 30 * 60_000,
  libraryUploadLimitBytes: 1_000_000,
  libraryRetentionMs: 30 * 24 * 3_600_000,
  stagedContentLifetimeMs: 3 * 24 * 3_600_000,
  stagedContentLimitBytes: 4_000_000,
  uploadLeftoverMs: 24 * 3_600_000,
  archiveLimitFiles: 1_000,
  archiveLimitBytes: 1_000_000,
  resultLimitBytes: 1_000_000_000,
  machineResultsLimitBytes: 1_000_000_000_000,
  allResultsLimitBytes: 1_000_000_000_000,
  healthGraceMs: 60_000,
  resultRetentionMs: 30 * 24 * 3_600_000,
  actionRetentionMs: 180 * 24 * 3_600_000,
  order: { scriptTimeoutMs: 600_000, transferTimeoutMs: 1_800_000, stallTimeoutMs: 120_000, outputLimitBytes: 1_000 },
  options: {
    scriptTimeoutMs: 3_600_000,
    outputLimitBytes: 100_000,
    queueTimeoutMs: 7 * 24 * 3_600_000,
    notBeforeMs: 7 * 24 * 3_600_000,
    runAs: "any",
  },
};

export interface TestServices extends AsyncDisposable {
  /** The folder of blobs and keys. */
  readonly folder: string;
  context: ServiceContext;
  /** The time of the clock; tests set it. */
  time: { nowMs: number };
  /** Adds a machine that is connected at epoch 1 by default. */
  addMachine(change?: Partial<Machine>): Promise<Machine>;
}

/**
 * The real use cases over a real store and real blobs in a temporary folder, with a clock that
 * tests set. A given store is closed by its owner.
 */
export async function testServices(
  limits: Partial<ServiceLimits> = {},
  on: { store?: Store; nodeId?: string } = {},
): Promise<TestServices> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-services-"));
  const store = on.store ?? (await SqliteStore.open(join(folder, "services.db")));
  const time = { nowMs: 1_800_000_000_000 };
  const clock = {
    nowMs: () => time.nowMs,
    monotonicMs: () => time.nowMs,
    after: () => () => undefined,
  };
  const context: ServiceContext = {
    store,
    blobs: await openDiskBlobStore({ folder: join(folder, "blobs"), random: randomBytes }),
    bus: localBus(),
    clock,
    ids: { guid: randomUUID, random: randomBytes },
    limits: { ...LIMITS, ...limits },
    policy: CONTRACT_POLICY,
    checkSignature: checkInThreadPool,
    keys: { ...(await loadKeys({ folder: join(folder, "keys"), makes: true })), orderKeySet: 1, recovery: NO_RECOVERY },
    publicUrl: "http://127.0.0.1:8780",
    resultLinks: "stream",
    measures: NO_MEASURES,
    resultSpace: new ResultSpace(() => time.nowMs),
    ...agentsOfNode(clock),
    node: { id: on.nodeId ?? "node-1" },
    log: pino({ level: "silent" }),
  };
  return {
    folder,
    context,
    time,
    async addMachine(change = {}) {
      const machine = sampleMachine({ id: randomBytes(20).toString("hex"), ...change });
      await store.write((tx) => tx.machines.insert(machine));
      return machine;
    },
    async [Symbol.asyncDispose]() {
      if (!on.store) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const PLAYBOOK: ApplicationCaller = {
  kind: "application",
  id: "client-1",
  clientId: "client-1",
  name: "playbook",
  roles: new Set(["Machine.LiveResponse", "Machine.Read.All"]),
};

export const user = (id: string, groups: readonly string[] = []): UserCaller => ({
  kind: "user",
  id,
  name: `${id}@example`,
  scopes: new Set(["Machine.LiveResponse", "Machine.Read"]),
  groups,
});
