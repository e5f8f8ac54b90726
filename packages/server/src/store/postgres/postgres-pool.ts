import pg from "pg";

export interface PostgresOptions {
  /** `postgres://user@host:port/database`, with `?sslmode=...` as libpq knows it. */
  url: string;
  /** Not part of the URL, because the URL is printed and logged. */
  password?: string | undefined;
  /** Most connections at once. */
  maxConnections?: number | undefined;
  /** Longest wait for a connection, whether a new one or one that is in use. */
  connectTimeoutMs?: number | undefined;
  /** Longest run of one statement, including its wait for locks. */
  statementTimeoutMs?: number | undefined;
}

/**
 * Longest wait for the response to one batch of statements. Each statement may wait for locks, but
 * the first one that takes too long ends the batch.
 */
export const responseTimeoutMs = ({ statementTimeoutMs }: PostgresOptions): number =>
  2 * (statementTimeoutMs ?? STATEMENT_TIMEOUT_MS) + SILENCE_MS;

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** Time after the statement timeout within which the server must report it. */
const SILENCE_MS = 5_000;
/** After this time a node that hangs inside a transaction loses its locks. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/**
 * About 8 connections keep one core of the database busy. Further ones wait for locks and commits,
 * not for the processor.
 */
const MAX_CONNECTIONS = 16;
/**
 * The number of connections that lists may use. The others serve requests that wait for no scan.
 */
export const LIST_CONNECTIONS = MAX_CONNECTIONS / 2;

export function openPool(options: PostgresOptions): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    ...connectionOf(options),
    max: options.maxConnections ?? MAX_CONNECTIONS,
    idleTimeoutMillis: 60_000,
    // A plain SET, because a pooler between this server and the database drops most startup
    // parameters of a connection.
    onConnect: async (client) => {
      // An acknowledged commit must be on disk, whatever the server's default is.
      await client.query(
        `set synchronous_commit = on; set statement_timeout = ${statementTimeoutMs}; set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
      );
    },
  });
  return ignoreErrorEvents(pool);
}

/** For the migrations, which may run for a long time and wait for those of another server. */
export function openMigrationPool(options: PostgresOptions): pg.Pool {
  return ignoreErrorEvents(new pg.Pool({ ...connectionOf(options), max: 2 }));
}

function connectionOf({ url, password, connectTimeoutMs }: PostgresOptions): pg.PoolConfig {
  const withPassword = new URL(url);
  if (password !== undefined) withPassword.password = encodeURIComponent(password);
  return {
    connectionString: withPassword.href,
    connectionTimeoutMillis: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    keepAlive: true,
    application_name: "halligan-server",
  };
}

/**
 * Without a listener, an error of an idle connection would end the process. The user of a broken
 * connection gets the error anyway, and the pool replaces an idle one.
 */
function ignoreErrorEvents(pool: pg.Pool): pg.Pool {
  const ignore = () => undefined;
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return pool;
}
