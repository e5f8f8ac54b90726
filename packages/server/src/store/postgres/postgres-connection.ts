import type { PoolClient } from "pg";
import { ConnectionLostError, endsConnection, isConnectionFailure, isPlanOutdated } from "./postgres-errors.ts";
import { type PlannedQuery, type Prepared, type Row, StatementBatch } from "./statement-batch.ts";

/** The prepared statements of pg's connections. An entry lives as long as its connection. */
const PREPARED = new WeakMap<PoolClient, Prepared>();

/** Counts the messages to the database that wait for a response. */
export interface RoundTrips {
  count: number;
}

/** One connection of the pool while it is in use. */
export class PostgresConnection {
  /** False when it must not go back to the pool, because its state is unknown. */
  isUsable = true;
  readonly #client: PoolClient;
  readonly #prepared: Prepared;
  readonly #silenceMs: number;
  readonly #roundTrips: RoundTrips;

  /** `silenceMs`: the longest wait for a response. */
  constructor(client: PoolClient, silenceMs: number, roundTrips: RoundTrips = { count: 0 }) {
    this.#client = client;
    this.#silenceMs = silenceMs;
    this.#roundTrips = roundTrips;
    this.#prepared = PREPARED.get(client) ?? new Map();
    PREPARED.set(client, this.#prepared);
  }

  /**
   * Sends the queries at once, in one round trip. After the first one that fails, the others do not
   * run.
   */
  async run(queries: readonly PlannedQuery[]): Promise<Row[][]> {
    // The server ends a statement that takes too long. If that is not reported either, the network
    // is down.
    let isSilence = false;
    const timer = setTimeout(() => {
      isSilence = true;
      this.#client.connection.stream.destroy(new Error("timeout exceeded"));
    }, this.#silenceMs);
    try {
      return await this.#send(new StatementBatch(queries, this.#prepared));
    } catch (cause) {
      if (isPlanOutdated(cause)) this.#prepared.clear();
      if (!isConnectionFailure(cause) && !endsConnection(cause)) throw cause;
      this.isUsable = false;
      throw new ConnectionLostError(isSilence, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #send(batch: StatementBatch): Promise<Row[][]> {
    this.#roundTrips.count += 1;
    try {
      return this.#client.query(batch).response;
    } catch (cause) {
      // A value could not be sent, and half of the message is on its way.
      this.isUsable = false;
      throw cause;
    }
  }

  release(): void {
    this.#client.release(!this.isUsable);
  }
}
