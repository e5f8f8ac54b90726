import type { NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";
import { connectionOptions, type NatsAddress } from "./nats-options.ts";

/**
 * Waits between attempts to connect. Each is chosen between half and all of the value, so that
 * nodes do not reconnect at the same time.
 */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** Closing waits this long for the server to take the last messages. */
const DRAIN_TIMEOUT_MS = 2_000;
/**
 * Messages are dropped while more bytes than this are unconfirmed by the server (it answers a ping
 * after them). The client ignores how full its socket is, so a server that reads nothing would fill
 * this node's memory.
 */
const MAX_UNCONFIRMED_BYTES = 4 * 1024 * 1024;
const CONFIRM_EVERY_BYTES = 64 * 1024;

/**
 * A connection to NATS that reconnects by itself, without end. Messages that are published while it
 * is down are dropped.
 */
export class ReconnectingNats {
  readonly #address: NatsAddress;
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #onConnected: (connection: NatsConnection) => void;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #connection: NatsConnection | null = null;
  #unconfirmedBytes = 0;
  #isConfirming = false;
  #isRenewing = false;
  /** Of a series of failures only the first one and the end of the series are logged. */
  #isReportedAway = false;

  /** `onConnected`: subscribes, on every new connection. */
  constructor(
    address: NatsAddress,
    log: Pick<Logger, "info" | "warn">,
    onConnected: (connection: NatsConnection) => void,
  ) {
    this.#address = address;
    this.#log = log;
    this.#onConnected = onConnected;
    this.#running = this.#run();
  }

  /** Null while there is no connection. */
  get connection(): NatsConnection | null {
    return this.#connection;
  }

  publish(subject: string, message: string): void {
    const connection = this.#connection;
    if (connection === null || connection.isClosed() || this.#unconfirmedBytes > MAX_UNCONFIRMED_BYTES) return;
    try {
      connection.publish(subject, message);
    } catch {
      // The connection closed between two checks. The message is lost, as any hint may be.
      return;
    }
    this.#unconfirmedBytes += subject.length + message.length;
    if (this.#unconfirmedBytes >= CONFIRM_EVERY_BYTES && !this.#isConfirming) void this.#confirm(connection);
  }

  /** Closes the connection and discards what it still delivers. Opens another one at once. */
  renew(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#isRenewing = true;
    this.#connection = null;
    void connection.close();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null) {
      const { promise: timeout, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, DRAIN_TIMEOUT_MS);
      await Promise.race([connection.drain().catch(() => undefined), connection.closed(), timeout]);
      clearTimeout(timer);
      await connection.close();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      try {
        const connection = await this.#connect();
        const sinceMs = performance.now();
        if (signal.aborted) return await connection.close();
        this.#adopt(connection);
        const cause = await connection.closed();
        this.#connection = null;
        if (this.#isRenewing) {
          this.#isRenewing = false;
          continue;
        }
        // A connection that lasts less than the longest wait does not reset the backoff.
        if (performance.now() - sinceMs >= LONGEST_WAIT_MS) waitMs = FIRST_WAIT_MS;
        if (!signal.aborted) this.#reportAway(cause);
      } catch (cause) {
        this.#reportAway(cause);
      }
      await abortableWait(waitMs * (0.5 + Math.random() / 2), signal);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  async #connect(): Promise<NatsConnection> {
    // Loaded when it is needed, so that a server of one node starts without it.
    const { connect, credsAuthenticator } = await import("@nats-io/transport-node");
    return connect(connectionOptions(this.#address, credsAuthenticator));
  }

  #adopt(connection: NatsConnection): void {
    this.#connection = connection;
    this.#unconfirmedBytes = 0;
    this.#isConfirming = false;
    this.#onConnected(connection);
    void this.#logErrors(connection);
    this.#isReportedAway = false;
    this.#log.info({ server: connection.getServer() }, "NATS connected");
  }

  async #confirm(connection: NatsConnection): Promise<void> {
    this.#isConfirming = true;
    const sentBytes = this.#unconfirmedBytes;
    try {
      await connection.flush();
      if (connection === this.#connection) this.#unconfirmedBytes -= sentBytes;
    } catch {
      // The connection ended. The next one starts with a count of zero.
    } finally {
      if (connection === this.#connection) this.#isConfirming = false;
    }
  }

  /**
   * Refusals of the server while the connection lasts, such as a subject that this user may not
   * use.
   */
  async #logErrors(connection: NatsConnection): Promise<void> {
    let isReported = false;
    for await (const status of connection.status()) {
      if (status.type !== "error" || isReported) continue;
      isReported = true;
      this.#log.warn(
        { reason: status.error.message },
        "NATS refused an operation; messages between nodes may be missing",
      );
    }
  }

  /** Messages of the client contain its server's address and never the credentials. */
  #reportAway(cause: unknown): void {
    if (this.#isReportedAway) return;
    this.#isReportedAway = true;
    const reason = cause instanceof Error ? cause.message : "the connection ended";
    this.#log.warn({ reason }, "NATS unavailable: other nodes get no wake-ups and find work when they poll the store");
  }
}

function abortableWait(waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener("abort", done, { once: true });
  });
}
