import type { PoolClient } from "pg";
import { ConnectionLost, endsConnection, isConnectionFailure, isPlanOutdated } from "./postgres-errors.ts";
import { type PlannedQuery, type Prepared, type Row, StatementBatch } from "./statement-batch.ts";

/** What pg's connections have prepared; it goes with them. */
const PREPARED = new WeakMap<PoolClient, Prepared>();

/** One connection of the pool while somebody has it. */
export class PostgresConnection {
  /** False when it must not go back to the pool: nobody knows what it is doing. */
  isUsable = true;
  readonly #client: PoolClient;
  readonly #prepared: Prepared;
  readonly #silenceMs: number;

  /** `silenceMs`: the longest wait for an answer. */
  constructor(client: PoolClient, silenceMs: number) {
    this.#client = client;
    this.#silenceMs = silenceMs;
    this.#prepared = PREPARED.get(client) ?? new Map();
    PREPARED.set(client, this.#prepared);
  }

  /** Sends the queries at once: one round trip. After the first that fails the others are not run. */
  async run(queries: readonly PlannedQuery[]): Promise<Row[][]> {
    // The server ends what takes too long; when that is not heard of either, the network has gone silent.
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
      throw new ConnectionLost(isSilence, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #send(batch: StatementBatch): Promise<Row[][]> {
    try {
      return this.#client.query(batch).answer;
    } catch (cause) {
      // A value that cannot be sent: half of the message is on its way.
      this.isUsable = false;
      throw cause;
    }
  }

  release(): void {
    this.#client.release(!this.isUsable);
  }
}
