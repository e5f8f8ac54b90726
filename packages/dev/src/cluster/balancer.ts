import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { sleep, systemClock } from "@halligan/protocol/time";

const LOOK_INTERVAL_MS = 250;
const LOOK_TIMEOUT_MS = 1_000;

interface Target {
  readonly url: URL;
  health: "ready" | "alive" | "gone";
}

/**
 * A simple load balancer: the only address that agents and callers know. Each connection goes to
 * the next node that reports ready on `/readyz`, or to any running node when none is ready. If a
 * node refuses the connection, the next node gets it.
 */
export class Balancer implements AsyncDisposable {
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #sockets = new Set<Socket>();
  #targets: readonly Target[] = [];
  #turn = 0;
  #looking: Promise<void> = Promise.resolve();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => void this.#connected(socket));
  }

  static async listen(): Promise<Balancer> {
    const server = createServer({ pauseOnConnect: true });
    server.listen({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    return new Balancer(server);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the balancer does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Starts to forward connections and to check the nodes. */
  balance(urls: readonly string[]): void {
    this.#targets = urls.map((url) => ({ url: new URL(url), health: "alive" }));
    this.#looking = Promise.all(this.#targets.map((target) => this.#lookAfter(target))).then(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([once(this.#server, "close"), this.#looking]);
  }

  async #lookAfter(target: Target): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      target.health = await healthOf(target.url, signal);
      await sleep(systemClock, LOOK_INTERVAL_MS, signal).catch(() => undefined);
    }
  }

  async #connected(down: Socket): Promise<void> {
    this.#keep(down);
    const up = await this.#connectToAny();
    if (!up || down.destroyed) {
      up?.destroy();
      down.destroy();
      return;
    }
    this.#keep(up);
    down.once("close", () => up.destroy());
    up.once("close", () => down.destroy());
    down.pipe(up);
    up.pipe(down);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    // An error is followed by a close event, which is handled.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  async #connectToAny(): Promise<Socket | null> {
    this.#turn += 1;
    const inTurn = this.#targets.map((_, i) => this.#targets[(i + this.#turn) % this.#targets.length]);
    for (const health of ["ready", "alive", "gone"]) {
      for (const target of inTurn) {
        if (target?.health !== health) continue;
        const socket = await connectTo(target.url);
        if (socket) return socket;
        target.health = "gone";
      }
    }
    return null;
  }
}

async function healthOf(url: URL, signal: AbortSignal): Promise<Target["health"]> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
    const answer = await fetch(new URL("/readyz", url), { signal: limit, headers: { connection: "close" } });
    await answer.body?.cancel();
    return answer.status === 200 ? "ready" : "alive";
  } catch {
    return "gone";
  }
}

async function connectTo(url: URL): Promise<Socket | null> {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  try {
    await once(socket, "connect");
    return socket;
  } catch {
    return null;
  }
}
