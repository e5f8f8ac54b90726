import type { PostgresStore, Store, StoreTx } from "@halligan/server/simulation";
import type { ProcessLifetime } from "../../time/process-lifetime.ts";
import type { StoreOwner } from "../sim-database.ts";
import type { CommitPlace } from "./commit-order.ts";
import { Written } from "./committed-rows.ts";
import { refusingTx, watchedTx } from "./watched-tx.ts";

/** The database state that the stores of all processes share. */
export interface SharedDatabase {
  /** Waits until a request of this node reaches the database. */
  arrive(): Promise<void>;
  /** Time stands still until `work` has ended. */
  busyWith<T>(work: () => Promise<T>): Promise<T>;
  takePlace(): CommitPlace;
  show(written: Written): void;
}

interface Attempt {
  written: Written;
  place: CommitPlace;
  crash: "before" | "after" | null;
}

/**
 * The store of one process lifetime of a node: the product's PostgresStore with its transactions,
 * locks and retries. The object outlives the process. A process leaves only open connections and
 * prepared statements behind. A new store takes 150 to 250 ms to open (busy machine), and a
 * schedule of 700 ms would do that several times. After a crash, each running transaction is
 * refused its next statement and rolled back. If its commit was already requested, the commit
 * succeeds and no response is sent.
 */
export class CrashingPostgresStore implements Store {
  readonly #store: PostgresStore;
  readonly #shared: SharedDatabase;
  readonly #lifetime: ProcessLifetime;
  readonly #owner: StoreOwner;

  constructor(store: PostgresStore, shared: SharedDatabase, lifetime: ProcessLifetime, owner: StoreOwner) {
    this.#store = store;
    this.#shared = shared;
    this.#lifetime = lifetime;
    this.#owner = owner;
  }

  async read<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    await this.#arrive();
    const answer = await this.#shared.busyWith(() =>
      this.#store.read((tx) => work(refusingTx(tx, this.#refuseTheDead))),
    );
    this.#refuseTheDead();
    return answer;
  }

  async write<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    await this.#arrive();
    return this.#shared.busyWith(() => this.#write(work));
  }

  /** The next process lifetime uses the same connections. */
  async close(): Promise<void> {}

  async #write<T>(work: (tx: StoreTx) => Promise<T>): Promise<T> {
    const attempts: Attempt[] = [];
    let isRepeated = false;
    try {
      const value = await this.#store.write(async (tx) => {
        // Its earlier writes are lost.
        attempts.pop()?.place.lost();
        if (isRepeated) this.#owner.ranAgain();
        isRepeated = true;
        const written = new Written();
        const answer = await work(refusingTx(watchedTx(tx, written), this.#refuseTheDead));
        this.#refuseTheDead();
        const crash = this.#owner.crashAtCommit();
        if (crash === "before") this.#die();
        attempts.push({ written, place: this.#shared.takePlace(), crash });
        return answer;
      });
      await this.#committed(attempts.pop());
      this.#refuseTheDead();
      return value;
    } finally {
      attempts.pop()?.place.lost();
    }
  }

  async #committed(attempt: Attempt | undefined): Promise<void> {
    if (!attempt) throw new Error("a commit without work");
    const { written, place, crash } = attempt;
    await place.committed(() => {
      this.#shared.show(written);
      for (const { machineId, value, journalId } of written.held) this.#owner.held(machineId, value, journalId);
      this.#owner.committed(new Set(written.actions.keys()));
    });
    if (crash === "after" && !this.#lifetime.isOver) this.#die();
  }

  async #arrive(): Promise<void> {
    this.#refuseTheDead();
    await this.#owner.reachesDatabase();
    await this.#shared.arrive();
    this.#refuseTheDead();
  }

  #die(): never {
    this.#owner.crashed();
    throw new Error("the server died at a commit");
  }

  readonly #refuseTheDead = (): void => {
    if (this.#lifetime.isOver) throw new Error("this server is dead");
  };
}
