import { randomBytes } from "node:crypto";
import pg from "pg";
import { PostgresServer } from "./postgres-server.ts";

const DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/postgres";
const NOBODY_THERE = "no PostgreSQL listens at HALLIGAN_TEST_POSTGRES_URL, and none is installed to be started";

/** An empty database that is dropped afterwards. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/** The server that tests use: the one at `HALLIGAN_TEST_POSTGRES_URL`, or one started for them. */
export interface TestPostgres extends AsyncDisposable {
  createDatabase(): Promise<TestDatabase>;
}

/** A text says why there is none: the name of a skipped test. */
export async function openTestPostgres(): Promise<TestPostgres | string> {
  const given = process.env.HALLIGAN_TEST_POSTGRES_URL;
  const url = given ?? DEFAULT_URL;
  if (await answers(url))
    return { createDatabase: () => createDatabase(url), [Symbol.asyncDispose]: async () => undefined };
  // Who names one means that one.
  if (given !== undefined) throw new Error("no PostgreSQL answers at HALLIGAN_TEST_POSTGRES_URL");
  const own = await PostgresServer.start();
  if (!own) return NOBODY_THERE;
  return { createDatabase: () => createDatabase(own.url), [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}

/**
 * Turkish, where the server can: sorted as people expect it, with another small letter for I. Whatever compares by code points and folds
 * ASCII letters only does so because we said it, and not because the database happens to.
 */
export async function createDatabase(url: string): Promise<TestDatabase> {
  const name = `halligan_test_${randomBytes(6).toString("hex")}`;
  const create = `create database ${name} template template0 encoding 'UTF8'`;
  await onServer(url, async (client) => {
    try {
      await client.query(`${create} locale_provider icu icu_locale 'tr-TR'`);
    } catch {
      // Older than 15, or built without ICU.
      await client.query(create);
    }
  });
  const database = new URL(url);
  database.pathname = `/${name}`;
  return {
    url: database.href,
    [Symbol.asyncDispose]: () =>
      onServer(url, async (client) => {
        await client.query(`drop database ${name} with (force)`);
      }),
  };
}

async function onServer(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await onServer(url, async () => undefined);
    return true;
  } catch {
    return false;
  }
}
