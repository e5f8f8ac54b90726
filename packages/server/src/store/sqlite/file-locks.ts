import { join } from "node:path";
import Database from "better-sqlite3";

/**
 * Refuses a second server on one data folder. The lock is SQLite's lock on its own file. The system
 * releases it however the process ends; a file with a pid would remain after a `kill -9`.
 */
export function lockFolder(dataDir: string): Disposable {
  const database = new Database(join(dataDir, "lock"), { timeout: 0 });
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new Error(`another halligan-server uses the data folder ${dataDir}`, { cause });
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** How long another process may take to write the administrator's file. */
const ADMINISTRATOR_LOCK_MS = 10_000;

/**
 * One writer of the administrator's file, because a first start and `admin reset` may run at the
 * same time.
 */
export function lockAdministrator(dataDir: string): Disposable {
  const database = new Database(join(dataDir, "administrator.lock"), { timeout: ADMINISTRATOR_LOCK_MS });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new Error(
      `another halligan-server process writes the administrator's file in ${dataDir}; try again when it has ended`,
      { cause },
    );
  }
  return { [Symbol.dispose]: () => database.close() };
}
