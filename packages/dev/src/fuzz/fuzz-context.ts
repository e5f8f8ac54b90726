import type { HalliganClient } from "@halligan/protocol/client";
import type { SeededRandom } from "../torture/seeded-random.ts";
import type { FrameCount } from "./fuzz-connection.ts";
import type { HostileDevice, KnownOrder } from "./hostile-device.ts";

/**
 * What a scenario of the fuzzer works with. Each worker has its own devices and its own choices.
 */
export interface FuzzContext {
  readonly baseUrl: string;
  readonly linkUrl: string;
  readonly client: HalliganClient;
  /** The administrator's token, for malformed requests of an authenticated caller. */
  readonly bearer: string;
  readonly tenant: string;
  readonly random: SeededRandom;
  readonly count: FrameCount;
  readonly requests: RequestCount;
  device: HostileDevice;
  /** A second device of the same worker. One attacker must not be able to report for the other. */
  readonly accomplice: HostileDevice;
  /** Orders of other machines. */
  readonly others: () => readonly KnownOrder[];
  readonly otherMachineIds: readonly string[];
  /** Tickets seen on any link of this worker: most of them are no longer valid. */
  readonly tickets: string[];
  /** Answers to challenges, to be replayed. */
  readonly answers: Uint8Array[];
  /** A device for one that is in quarantine now. */
  readonly enrollAnew: () => Promise<HostileDevice>;
  readonly signal: AbortSignal;
}

export interface RequestCount {
  requests: number;
  /** By status; 0: the connection was closed without an answer. */
  readonly byStatus: Map<number, number>;
}

/** Remembers the newest few. */
export function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > 50) list.shift();
}
