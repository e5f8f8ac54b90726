import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { sleep, systemClock } from "@halligan/protocol/time";

/** From the device to the server, the other way, or both. */
export type Direction = "up" | "down" | "both";

interface ProxiedConnection {
  readonly down: Socket;
  readonly up: Socket;
  readonly over: AbortController;
}

/**
 * A TCP proxy between one device and the server that can be slow, fall silent with its connections
 * open (half-open: it accepts and forwards nothing, not even an end), cut everything, or refuse.
 * Bytes that came in a silence are not lost: after `restore` they arrive late, as a real network's
 * would.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: URL;
  readonly #crossings = new Set<ProxiedConnection>();
  #silent: Direction | null = null;
  #refuses = false;
  #delayMs = 0;
  #changed = Promise.withResolvers<void>();

  private constructor(server: Server, target: URL) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (socket) => this.#connected(socket));
  }

  static async listen(targetUrl: string): Promise<FaultProxy> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    server.listen({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    return new FaultProxy(server, new URL(targetUrl));
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Each chunk of bytes waits so long. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  silence(direction: Direction): void {
    this.#silent = direction;
  }

  /** New connections are cut at once, too. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  cut(): void {
    for (const { over } of this.#crossings) over.abort();
  }

  restore(): void {
    this.#silent = null;
    this.#refuses = false;
    this.#delayMs = 0;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.refuse();
    await once(this.#server, "close");
  }

  #connected(down: Socket): void {
    down.on("error", () => undefined);
    if (this.#refuses) {
      down.destroy();
      return;
    }
    const up = connect({ host: this.#target.hostname, port: Number(this.#target.port), allowHalfOpen: true });
    up.on("error", () => undefined);
    const proxied: ProxiedConnection = { down, up, over: new AbortController() };
    this.#crossings.add(proxied);
    const ended = Promise.all([this.#carry(down, up, "up", proxied), this.#carry(up, down, "down", proxied)]);
    void ended.finally(() => {
      this.#crossings.delete(proxied);
      down.destroy();
      up.destroy();
    });
  }

  /** One direction of one connection. Any break ends both; an orderly end ends only its own. */
  async #carry(from: Socket, to: Socket, direction: "up" | "down", { over }: ProxiedConnection): Promise<void> {
    const stop = () => from.destroy();
    over.signal.addEventListener("abort", stop);
    try {
      for await (const chunk of from) {
        await this.#passes(direction, over.signal);
        if (!to.write(chunk)) await once(to, "drain", { signal: over.signal });
      }
      await this.#passes(direction, over.signal);
      to.end();
    } catch {
      await this.#passes(direction, over.signal).catch(() => undefined);
      over.abort();
    } finally {
      over.signal.removeEventListener("abort", stop);
    }
  }

  async #passes(direction: "up" | "down", signal: AbortSignal): Promise<void> {
    if (this.#delayMs > 0) await sleep(systemClock, this.#delayMs, signal);
    while (this.#silent === direction || this.#silent === "both") {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<void>();
      const onAbort = () => aborted.resolve();
      signal.addEventListener("abort", onAbort, { once: true });
      await Promise.race([this.#changed.promise, aborted.promise]);
      signal.removeEventListener("abort", onAbort);
    }
    signal.throwIfAborted();
  }
}
