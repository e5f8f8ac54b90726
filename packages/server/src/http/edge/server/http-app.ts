import { once } from "node:events";
import type http from "node:http";

/** What has to end before a server can close. */
export interface Closing {
  /** Called once, when the close begins. Ends everything that only waits for a timer. */
  readonly begin: () => void;
  /** How long requests in flight may go on, in milliseconds. Then their connections are closed. */
  readonly graceMs: number;
}

/** A server that listens, and closes once: the second call waits for the first. */
export class HttpApp {
  readonly server: http.Server;
  readonly #closing: Closing;
  #closed: Promise<void> | null = null;

  constructor(server: http.Server, closing: Closing) {
    this.server = server;
    this.#closing = closing;
  }

  /**
   * Resolves when connections are taken. Rejects with the system's error, as for a port in use.
   *
   * @param port 0 for a free one
   */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
    this.server.listen(port, host);
    await once(this.server, "listening");
  }

  /**
   * Takes no new connection, lets requests in flight finish, and then ends the connections that are
   * left.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.begin();
    const force = setTimeout(() => this.server.closeAllConnections(), this.#closing.graceMs);
    try {
      await new Promise<void>((resolve) => {
        // A server that does not listen has nothing to close.
        this.server.close(() => resolve());
        this.server.closeIdleConnections();
      });
    } finally {
      clearTimeout(force);
    }
  }
}
