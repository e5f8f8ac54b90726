import type { ServerConnection } from "@halligan/agent/simulation";
import { backoffMs, type MonotonicClock, sleep } from "@halligan/protocol/time";
import {
  checkLinkTicket,
  type DomainError,
  isCurrentTicket,
  type LinkTicket,
  type ServiceContext,
} from "@halligan/server/simulation";
import type { Nodes } from "../server/nodes.ts";
import { forever, type ProcessLifetime } from "../time/process-lifetime.ts";
import type { World } from "../world/world.ts";

type Answer<T> = { ok: true; value: T } | { ok: false; error: DomainError };
export type Request<T> = (context: ServiceContext, ticket: LinkTicket) => Promise<Answer<T>>;

/** The server said no, and will say so again. */
export class TransferRefusedError extends Error {
  override readonly name = "TransferRefusedError";

  readonly code: DomainError["code"];
  constructor(code: DomainError["code"]) {
    super(`the server refused the transfer: ${code}`);
    this.code = code;
  }
}

class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

const RETRIES = { baseMs: 500, capMs: 10_000 };

/**
 * HTTP transfers outside of the agent connection. Requests and responses get lost, and requests
 * arrive twice. Each request is repeated until there is a response.
 */
export class Transfers {
  readonly #world: World;
  readonly #lifetime: ProcessLifetime;
  readonly #server: Nodes;
  readonly #isOnline: () => boolean;
  readonly #serverConnection: ServerConnection;
  readonly #clock: MonotonicClock;

  constructor(
    world: World,
    lifetime: ProcessLifetime,
    server: Nodes,
    device: { isOnline: () => boolean; serverConnection: ServerConnection; clock: MonotonicClock },
  ) {
    this.#world = world;
    this.#lifetime = lifetime;
    this.#server = server;
    this.#isOnline = device.isOnline;
    this.#serverConnection = device.serverConnection;
    this.#clock = device.clock;
  }

  /** Rejects with {@link TransferRefusedError}, or when `signal` aborts. */
  async untilAnswered<T>(request: Request<T>, signal: AbortSignal): Promise<T> {
    let dead: string | null = null;
    for (let attempt = 0; ; attempt += 1) {
      const ticket = await this.#serverConnection.ticket(dead, signal);
      try {
        const answer = await this.#once(ticket, request);
        signal.throwIfAborted();
        if (answer === "unauthorized") {
          dead = ticket;
          continue;
        }
        if (answer.ok) return answer.value;
        if (answer.error.code !== "InsufficientStorage") throw new TransferRefusedError(answer.error.code);
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
      }
      await sleep(this.#clock, backoffMs(attempt, RETRIES, this.#world.random.fraction()), signal);
    }
  }

  async #once<T>(ticket: string, request: Request<T>): Promise<Answer<T> | "unauthorized"> {
    await this.#travel("request lost");
    const server = this.#server.running;
    if (!server) throw new UnreachableError();
    const arrive = async () => {
      const signed = checkLinkTicket(ticket, server.context.keys.linkTicket.accepted);
      const of = signed && (await isCurrentTicket(server.context, signed)) ? signed : null;
      return of ? request(server.context, of) : ("unauthorized" as const);
    };
    if (this.#world.injectFault("request arrives twice", 0.1)) void arrive().catch(() => undefined);
    const answer = await Promise.race([arrive(), server.lifetime.over]).catch((error: unknown) => {
      if (!server.lifetime.isOver) throw error;
    });
    if (answer === undefined || server.lifetime.isOver) throw new UnreachableError();
    await this.#travel("answer lost");
    return answer;
  }

  async #travel(fault: string): Promise<void> {
    await this.#world.delay(1, 60);
    if (this.#lifetime.isOver) return forever();
    if (!this.#isOnline() || this.#world.injectFault(fault, 0.04)) throw new UnreachableError();
  }
}
