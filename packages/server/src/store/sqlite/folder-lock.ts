import { join } from "node:path";
import Database from "better-sqlite3";

/**
 * One server for one data folder. The lock is SQLite's own on a file of its own: the system gives it back whatever ends the
 * process, where a file with a process id would outlive a `kill -9`.
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
