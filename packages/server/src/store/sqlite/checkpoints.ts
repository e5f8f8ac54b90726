import type Database from "better-sqlite3";
import { Type } from "typebox";
import { Compile } from "typebox/compile";

/** Pages in the log at which it is copied into the database: 4 MiB, the default of SQLite. */
const LOG_PAGES = 1_000;

const LogState = Compile(Type.Tuple([Type.Object({ log: Type.Integer() })]));

/**
 * Checkpoints after the responses of a commit instead of inside it. SQLite's automatic checkpoint
 * runs in the COMMIT that fills the log, so that all callers of that commit wait for a thousand
 * page writes and two more fsyncs. Runs on the writing connection: a checkpoint of another one
 * leaves the pages that are committed meanwhile, and then the log is never used from its start
 * again while the load lasts.
 */
export class Checkpoints {
  readonly #database: Database.Database;
  #isScheduled = false;

  /** Switches SQLite's automatic checkpoints off. */
  constructor(database: Database.Database) {
    this.#database = database;
    database.pragma("wal_autocheckpoint = 0");
  }

  /** The checkpoint, if the log is full, runs in the next turn of the event loop. */
  afterCommit(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#checkpointFullLog();
    });
  }

  #checkpointFullLog(): void {
    // Not needed: closing the last connection makes a checkpoint, and the commit of a running
    // transaction calls this again.
    if (!this.#database.open || this.#database.inTransaction) return;
    try {
      const state = this.#database.pragma("wal_checkpoint(NOOP)");
      if (LogState.Check(state) && state[0].log >= LOG_PAGES) this.#database.pragma("wal_checkpoint(PASSIVE)");
    } catch {
      // As in SQLite's automatic checkpoints: the log keeps everything, and the next commit tries
      // it again.
    }
  }
}
