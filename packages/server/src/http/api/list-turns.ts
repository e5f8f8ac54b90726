import { err, ok, type Result } from "@halligan/protocol/errors";
import { type ErrorResponse, httpError, tooManyRequests } from "../edge/http-response.ts";
import { ClientDisconnectedError } from "../edge/read-body.ts";

export interface ListTurnLimits {
  /** Lists that run at once on this node. */
  readonly running: number;
  /** The same of one account; less than {@link running}, so that no account has all slots. */
  readonly runningPerAccount: number;
  /** Lists of one account that wait. Beyond it the account is refused. */
  readonly waitingPerAccount: number;
  /** Lists of all accounts that wait. Beyond it every list is refused. */
  readonly waiting: number;
}

/**
 * The bounds that do not depend on the SQL dialect. A caller may send all of its hundred requests
 * of a minute at once, and a playbook of an open profile more, so some hundred lists of an account
 * may wait.
 */
export const LIST_TURN_LIMITS: Omit<ListTurnLimits, "running"> = {
  runningPerAccount: 2,
  waitingPerAccount: 256,
  waiting: 2_000,
};

/** A list runs for at most seconds: the engines end a longer one. */
const RETRY_AFTER_S = 2;

interface Account {
  running: number;
  /** Oldest first. Each starts one waiting list. */
  readonly waiting: Set<() => void>;
}

/**
 * Whose list runs next. A list may look at every row, and nothing interrupts it, so one caller with
 * costly filters would delay every other one. Accounts take turns: each that has lists waiting
 * starts one before any of them starts its second. docs/decisions/0032.
 */
export class ListTurns {
  readonly #limits: ListTurnLimits;
  /**
   * Only accounts with lists that run or wait. The next turn is that of the first one that may
   * start a list.
   */
  readonly #accounts = new Map<string, Account>();
  #running = 0;
  #waiting = 0;

  constructor(limits: ListTurnLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `list` when it is the account's turn. Throws ClientDisconnectedError when `gone` is
   * aborted before. A list that runs keeps its turn to its end.
   */
  async take<T>(
    { accountId, gone }: { readonly accountId: string; readonly gone: AbortSignal },
    list: () => Promise<T>,
  ): Promise<Result<T, ErrorResponse>> {
    const { waiting, waitingPerAccount } = this.#limits;
    const account = this.#accounts.get(accountId) ?? { running: 0, waiting: new Set() };
    if (account.waiting.size >= waitingPerAccount) {
      const detail = `${waitingPerAccount} lists of this application or user wait already. Ask again when they are answered.`;
      return err(tooManyRequests(RETRY_AFTER_S, detail));
    }
    if (this.#waiting >= waiting) return err(ALL_WAIT);
    this.#accounts.set(accountId, account);
    await this.#turn(accountId, account, gone);
    try {
      return ok(await list());
    } finally {
      this.#running -= 1;
      account.running -= 1;
      this.#leave(accountId, account);
      this.#startNext();
    }
  }

  /** Accounts with lists that run or wait. */
  get accountCount(): number {
    return this.#accounts.size;
  }

  async #turn(accountId: string, account: Account, gone: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onGone = () => {
      account.waiting.delete(start);
      this.#waiting -= 1;
      this.#leave(accountId, account);
      reject(new ClientDisconnectedError());
    };
    const start = () => {
      gone.removeEventListener("abort", onGone);
      resolve();
    };
    account.waiting.add(start);
    this.#waiting += 1;
    if (gone.aborted) onGone();
    else gone.addEventListener("abort", onGone, { once: true });
    this.#startNext();
    await promise;
  }

  #startNext(): void {
    const { running, runningPerAccount } = this.#limits;
    while (this.#running < running) {
      const next = [...this.#accounts].find(([, of]) => of.waiting.size > 0 && of.running < runningPerAccount);
      if (next === undefined) return;
      const [accountId, account] = next;
      // Last in the order of turns from now on.
      this.#accounts.delete(accountId);
      this.#accounts.set(accountId, account);
      const [start] = account.waiting;
      if (start === undefined) return;
      account.waiting.delete(start);
      this.#waiting -= 1;
      this.#running += 1;
      account.running += 1;
      start();
    }
  }

  #leave(accountId: string, account: Account): void {
    if (account.running === 0 && account.waiting.size === 0) this.#accounts.delete(accountId);
  }
}

const ALL_WAIT = httpError(503, "ServiceUnavailable", "Too many lists wait on this server; try again later", {
  "retry-after": String(RETRY_AFTER_S),
});
