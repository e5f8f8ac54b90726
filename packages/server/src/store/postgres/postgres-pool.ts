import pg from "pg";

export interface PostgresOptions {
  /** `postgres://user@host:port/database`, with `?sslmode=...` as libpq knows it. */
  url: string;
  /** Kept out of the URL, because a URL is printed and logged. */
  password?: string | undefined;
  /** Most connections at once. */
  maxConnections?: number | undefined;
  /** Longest wait for a connection, be it a new one or one that others have. */
  connectTimeoutMs?: number | undefined;
  /** Longest run of one statement, with its wait for locks. */
  statementTimeoutMs?: number | undefined;
}

/** Longest wait for the answer to one batch of statements: each may wait for locks, but the first that takes too long ends it. */
export const answerTimeoutMs = ({ statementTimeoutMs }: PostgresOptions): number =>
  2 * (statementTimeoutMs ?? STATEMENT_TIMEOUT_MS) + SILENCE_MS;

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 15_000;
/** By which the end of such a statement must have been heard of. */
const SILENCE_MS = 5_000;
/** A node that hangs inside a transaction gives its locks up. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** One core of the database is kept busy by about 8; more wait on locks and commits, not on the processor. */
const MAX_CONNECTIONS = 16;
/** Of them, those that lists may hold: the others serve what waits for no scan. */
export const LIST_CONNECTIONS = MAX_CONNECTIONS / 2;

export function openPool(options: PostgresOptions): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    ...connectionOf(options),
    max: options.maxConnections ?? MAX_CONNECTIONS,
    idleTimeoutMillis: 60_000,
    // A plain SET, because a pooler between us and the server drops most parameters of the connection's start.
    onConnect: async (client) => {
      // A commit that was answered must be on disk, whatever the server's default is.
      await client.query(
        `set synchronous_commit = on; set statement_timeout = ${statementTimeoutMs}; set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
      );
    },
  });
  return withoutCrash(pool);
}

/** For the migrations: they may run for long, and wait for those of another server. */
export function openMigrationPool(options: PostgresOptions): pg.Pool {
  return withoutCrash(new pg.Pool({ ...connectionOf(options), max: 2 }));
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

/** A connection that breaks says so to whoever uses it; one that nobody uses is replaced when the next one is needed. */
function withoutCrash(pool: pg.Pool): pg.Pool {
  const ignore = () => undefined;
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  return pool;
}
