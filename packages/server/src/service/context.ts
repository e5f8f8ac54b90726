import type { KeyObject } from "node:crypto";
import type { OrderLimits } from "@halligan/protocol/link";
import type { Logger } from "pino";
import type { Random } from "../auth/random.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";

export interface Ids {
  guid(): string;
  random: Random;
}

/** Numbers that rule the use cases; each a setting. See `config/settings.ts` for defaults and sources. */
export interface ServiceLimits {
  queueTimeoutMs: number;
  runningSessions: number;
  sessionRetryAfterMs: number;
  sessionPlaceGraceMs: number;
  lostMachineTimeoutMs: number;
  orderAcceptanceMs: number;
  resultLinkLifetimeMs: number;
  libraryUploadLimitBytes: number;
  resultLimitBytes: number;
  healthGraceMs: number;
  resultRetentionMs: number;
  actionRetentionMs: number;
  order: OrderLimits;
}

/** The pair that signs orders. The private half never leaves the server. */
export interface OrderKeyPair {
  /** SHA-256 (hex) of the raw public key. */
  keyId: string;
  /** Raw, base64url. */
  publicKey: string;
  privateKey: KeyObject;
}

export interface ServerKeys {
  order: OrderKeyPair;
  /** HMAC keys, 32 bytes each, one for each purpose. */
  resultLink: Uint8Array;
  linkTicket: Uint8Array;
}

/** What every use case is given. */
export interface ServiceContext {
  store: Store;
  blobs: BlobStore;
  bus: Bus;
  clock: Clock;
  ids: Ids;
  limits: ServiceLimits;
  keys: ServerKeys;
  publicUrl: string;
  log: Logger;
}
