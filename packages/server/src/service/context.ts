import type { KeyObject } from "node:crypto";
import type { OrderKey, OrderKeysFrame, OrderLimits } from "@halligan/protocol/link";
import type { Clock } from "@halligan/protocol/time";
import type { Logger } from "pino";
import type { Random } from "../auth/random.ts";
import type { SignatureCheck } from "../auth/signatures/signature-check.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Bus } from "../bus/bus.ts";
import type { OptionMaxima } from "../domain/actions/options/action-options.ts";
import type { Policy } from "../domain/identity/policy.ts";
import type { Store } from "../store/store.ts";
import type { Measures } from "./measures.ts";
import type { OutputFeeds } from "./output/output-feeds.ts";
import type { ReadyAgents } from "./ready-agents.ts";
import type { ResultSpace } from "./result-space.ts";

export interface Ids {
  guid(): string;
  random: Random;
}

/**
 * Limits of the use cases. Each one is a setting; see `config/settings.ts` for defaults and
 * sources.
 */
export interface ServiceLimits {
  queueTimeoutMs: number;
  runningSessions: number;
  sessionRetryAfterMs: number;
  sessionPlaceGraceMs: number;
  lostMachineTimeoutMs: number;
  orderAcceptanceMs: number;
  actionGraceMs: number;
  resultLinkLifetimeMs: number;
  libraryUploadLimitBytes: number;
  libraryRetentionMs: number;
  stagedContentLifetimeMs: number;
  stagedContentLimitBytes: number;
  uploadLeftoverMs: number;
  archiveLimitFiles: number;
  archiveLimitBytes: number;
  resultLimitBytes: number;
  machineResultsLimitBytes: number;
  allResultsLimitBytes: number;
  healthGraceMs: number;
  resultRetentionMs: number;
  actionRetentionMs: number;
  order: OrderLimits;
  /** What a caller may choose for one action. */
  options: OptionMaxima;
}

/** The pair that signs orders. The private half never leaves the server. */
export interface OrderKeyPair {
  /** SHA-256 (hex) of the raw public key. */
  keyId: string;
  /** Raw, base64url. */
  publicKey: string;
  privateKey: KeyObject;
}

/**
 * One key signs. During and after a rotation, signatures of the other keys are accepted too. The
 * first accepted key is the one that signs.
 */
export interface KeyRing<K> {
  signing: K;
  accepted: readonly K[];
}

/**
 * The key that outranks the order keys. `set`: the present order keys, signed by the recovery key,
 * for devices that pin none of them. Null until an operator has signed them.
 */
export interface RecoveryKey {
  key: OrderKey | null;
  set: Omit<OrderKeysFrame, "type"> | null;
}
export const NO_RECOVERY: RecoveryKey = { key: null, set: null };

export interface ServerKeys {
  order: KeyRing<OrderKeyPair>;
  /** Number of the set of `accepted` keys. */
  orderKeySet: number;
  recovery: RecoveryKey;
  /** HMAC keys, 32 bytes each, one for each purpose. */
  resultLink: KeyRing<Uint8Array>;
  linkTicket: KeyRing<Uint8Array>;
}

/** The dependencies of every use case. */
export interface ServiceContext {
  store: Store;
  blobs: BlobStore;
  bus: Bus;
  clock: Clock;
  ids: Ids;
  limits: ServiceLimits;
  readonly policy: Policy;
  keys: ServerKeys;
  /** Verifies what devices sign about the ends of commands. */
  readonly checkSignature: SignatureCheck;
  publicUrl: string;
  readonly measures: Measures;
  readonly resultSpace: ResultSpace;
  readonly readyAgents: ReadyAgents;
  readonly outputFeeds: OutputFeeds;
  /** `direct`: links to results lead to the object storage itself (docs/conformance.md). */
  readonly resultLinks: "stream" | "direct";
  /** This node, under its current name among the nodes. */
  readonly node: { readonly id: string };
  log: Logger;
}
