import { randomBytes } from "node:crypto";
import pg from "pg";
import { PostgresServer } from "./postgres-server.ts";

const DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/postgres";
const NOBODY_THERE = "no PostgreSQL listens at HALLIGAN_TEST_POSTGRES_URL, and none is installed to be started";

/** An empty database that is dropped afterwards. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
}

/**
 * The server for tests: the one at `HALLIGAN_TEST_POSTGRES_URL`, or one that was started for them.
 */
export interface TestPostgres extends AsyncDisposable {
  createDatabase(): Promise<TestDatabase>;
}

/** A string is the reason why there is none; it becomes the name of a skipped test. */
export async function openTestPostgres(): Promise<TestPostgres | string> {
  const given = process.env.HALLIGAN_TEST_POSTGRES_URL;
  const url = given ?? DEFAULT_URL;
  if (await answers(url))
    return { createDatabase: () => createDatabase(url), [Symbol.asyncDispose]: async () => undefined };
  // If a server was named, only that one is used.
  if (given !== undefined) throw new Error("no PostgreSQL answers at HALLIGAN_TEST_POSTGRES_URL");
  const own = await PostgresServer.start();
  if (!own) return NOBODY_THERE;
  return { createDatabase: () => createDatabase(own.url), [Symbol.asyncDispose]: () => own[Symbol.asyncDispose]() };
}

/**
 * Turkish, if the server has it. It does not sort by code points and has another small letter for
 * I. So a comparison by code points, or a folding of ASCII letters, works only if a statement
 * requests it, and not by chance.
 */
export async function createDatabase(url: string): Promise<TestDatabase> {
  const name = `halligan_test_${randomBytes(6).toString("hex")}`;
  const create = `create database ${name} template template0 encoding 'UTF8'`;
  await onServer(url, async (client) => {
    try {
      await client.query(`${create} locale_provider icu icu_locale 'tr-TR'`);
    } catch {
      // Versions before 15, or without ICU.
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
