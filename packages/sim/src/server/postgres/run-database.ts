import { randomBytes } from "node:crypto";
import { openPool } from "@halligan/server/simulation";

const DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/postgres";

/** An empty database that is dropped afterwards. */
export interface RunDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * Creates the database on the server at `HALLIGAN_TEST_POSTGRES_URL`, or on a local server with the
 * default address.
 */
export async function createRunDatabase(): Promise<RunDatabase> {
  const serverUrl = process.env.HALLIGAN_TEST_POSTGRES_URL ?? DEFAULT_URL;
  const name = `halligan_simulation_${randomBytes(6).toString("hex")}`;
  await onServer(serverUrl, `create database ${name} template template0 encoding 'UTF8'`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => onServer(serverUrl, `drop database ${name} with (force)`),
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const pool = openPool({ url, maxConnections: 1 });
  try {
    await pool.query(statement);
  } finally {
    await pool.end();
  }
}
