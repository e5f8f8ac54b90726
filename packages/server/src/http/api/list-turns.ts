import { type ErrorResponse, type HttpResponse, httpError, tooManyRequests } from "../edge/http-response.ts";
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
  /**
   * Bytes of the lists of one account that its clients have not taken from this node. At or above
   * it the next list of the account waits. Those that run may exceed it by one page each.
   */
  readonly untakenBytesPerAccount: number;
  /** The same of all accounts. */
  readonly untakenBytes: number;
  /** Longest wait for a turn, in milliseconds. A list that waits longer is refused. */
  readonly waitMs: number;
}

const MIB = 1024 * 1024;

/**
 * The bounds that do not depend on the SQL dialect. A caller may send all of its hundred requests
 * of a minute at once, and a playbook of an open profile more, so some hundred lists of an account
 * may wait.
 */
export const LIST_TURN_LIMITS: Omit<ListTurnLimits, "running"> = {
  runningPerAccount: 2,
  waitingPerAccount: 256,
  waiting: 2_000,
  untakenBytesPerAccount: 16 * MIB,
  untakenBytes: 128 * MIB,
  waitMs: 30_000,
};

/** A list runs for at most seconds: the engines end a longer one. */
const RETRY_AFTER_S = 2;

interface Account {
  running: number;
  untakenBytes: number;
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
   * Only accounts with lists that run, wait or are not taken. The next turn is that of the first
   * one that may start a list.
   */
  readonly #accounts = new Map<string, Account>();
  #running = 0;
  #waiting = 0;
  #untakenBytes = 0;

  constructor(limits: ListTurnLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `list` when it is the account's turn, and counts the bytes of its response until the
   * client has taken them. Throws ClientDisconnectedError when `gone` is aborted before. A list
   * that runs keeps its turn to its end.
   */
  async take<R extends HttpResponse>(
    { accountId, gone }: { readonly accountId: string; readonly gone: AbortSignal },
    list: () => Promise<R>,
  ): Promise<R | ErrorResponse> {
    const { waiting, waitingPerAccount } = this.#limits;
    const account = this.#accounts.get(accountId) ?? { running: 0, untakenBytes: 0, waiting: new Set() };
    if (account.waiting.size >= waitingPerAccount) {
      const detail = `${waitingPerAccount} lists of this application or user wait already. Ask again when they are answered.`;
      return tooManyRequests(RETRY_AFTER_S, detail);
    }
    if (this.#waiting >= waiting) return ALL_WAIT;
    this.#accounts.set(accountId, account);
    const refused = await this.#turn(accountId, account, gone);
    if (refused !== null) return refused;
    try {
      const response = await list();
      if (response.kind !== "json") return response;
      return { ...response, holdBody: (sizeBytes: number) => this.#untaken(accountId, sizeBytes) };
    } finally {
      this.#running -= 1;
      account.running -= 1;
      this.#leave(accountId, account);
      this.#startNext();
    }
  }

  /** Accounts with lists that run, wait or are not taken. */
  get accountCount(): number {
    return this.#accounts.size;
  }

  /** Null when the turn has come, or why it does not. */
  async #turn(accountId: string, account: Account, gone: AbortSignal): Promise<ErrorResponse | null> {
    const { promise, resolve, reject } = Promise.withResolvers<ErrorResponse | null>();
    const stopWaiting = () => {
      clearTimeout(timer);
      gone.removeEventListener("abort", onGone);
      account.waiting.delete(start);
      this.#waiting -= 1;
    };
    const start = () => {
      stopWaiting();
      resolve(null);
    };
    const onGone = () => {
      stopWaiting();
      this.#leave(accountId, account);
      reject(new ClientDisconnectedError());
    };
    const onTimeout = () => {
      stopWaiting();
      const refusal = this.#isFull(account) ? tooManyRequests(RETRY_AFTER_S, UNREAD) : ALL_WAIT;
      this.#leave(accountId, account);
      resolve(refusal);
    };
    const timer = setTimeout(onTimeout, this.#limits.waitMs);
    account.waiting.add(start);
    this.#waiting += 1;
    if (gone.aborted) onGone();
    else gone.addEventListener("abort", onGone, { once: true });
    this.#startNext();
    return await promise;
  }

  #isFull({ untakenBytes }: Account): boolean {
    return untakenBytes >= this.#limits.untakenBytesPerAccount;
  }

  /** Counts a response that is being sent, until it is disposed. */
  #untaken(accountId: string, sizeBytes: number): Disposable {
    const account = this.#accounts.get(accountId) ?? { running: 0, untakenBytes: 0, waiting: new Set() };
    const count = (bytes: number) => {
      account.untakenBytes += bytes;
      this.#untakenBytes += bytes;
    };
    count(sizeBytes);
    this.#accounts.set(accountId, account);
    let isTaken = false;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) return;
        isTaken = true;
        count(-sizeBytes);
        this.#leave(accountId, account);
        this.#startNext();
      },
    };
  }

  #startNext(): void {
    const { running, runningPerAccount, untakenBytes } = this.#limits;
    while (this.#running < running && this.#untakenBytes < untakenBytes) {
      const next = [...this.#accounts].find(
        ([, of]) => of.waiting.size > 0 && of.running < runningPerAccount && !this.#isFull(of),
      );
      if (next === undefined) return;
      const [accountId, account] = next;
      // Last in the order of turns from now on.
      this.#accounts.delete(accountId);
      this.#accounts.set(accountId, account);
      const [start] = account.waiting;
      if (start === undefined) return;
      this.#running += 1;
      account.running += 1;
      start();
    }
  }

  #leave(accountId: string, account: Account): void {
    const { running, waiting, untakenBytes } = account;
    if (running === 0 && waiting.size === 0 && untakenBytes === 0) this.#accounts.delete(accountId);
  }
}

const UNREAD =
  "the lists of this application or user that are not read take too much memory. Read them, then ask again.";

const ALL_WAIT = httpError(503, "ServiceUnavailable", "Too many lists wait on this server; try again later", {
  "retry-after": String(RETRY_AFTER_S),
});
