import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A proxy between the nodes and NATS that can cut one node off. All nodes must name the same bus,
 * or they refuse to run together, so they share one address. The proxy distinguishes them by the
 * user in their CONNECT. A NATS server without accounts ignores that user.
 */
export class NatsSwitch implements AsyncDisposable {
  readonly #server: Server;
  readonly #natsPort: number;
  readonly #cutOff = new Set<string>();
  /** By user. Connections without a CONNECT yet are under "". */
  readonly #sockets = new Map<Socket, string>();

  private constructor(server: Server, natsPort: number) {
    this.#server = server;
    this.#natsPort = natsPort;
    server.on("connection", (socket) => this.#connected(socket));
  }

  static async listen(natsUrl: string): Promise<NatsSwitch> {
    const server = createServer();
    server.listen({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    return new NatsSwitch(server, Number(new URL(natsUrl).port));
  }

  /** The URL of the bus for this node. */
  urlFor(user: string): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the switch does not listen");
    return `nats://${user}:any@127.0.0.1:${address.port}`;
  }

  /** Ends the node's connection. New connections end as soon as they name this user. */
  cutOff(user: string): void {
    this.#cutOff.add(user);
    for (const [socket, owner] of this.#sockets) if (owner === user) socket.destroy();
  }

  restore(user: string): void {
    this.#cutOff.delete(user);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await once(this.#server, "close");
  }

  #connected(down: Socket): void {
    const up = connect({ host: "127.0.0.1", port: this.#natsPort });
    this.#sockets.set(down, "");
    for (const socket of [down, up]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
    }
    down.once("close", () => {
      this.#sockets.delete(down);
      up.destroy();
    });
    up.once("close", () => down.destroy());
    up.pipe(down);
    down.once("data", (first) => {
      // The client's first write is small: CONNECT {...} and PING.
      const user = /"user":"([^"]*)"/.exec(first.toString("utf8"))?.[1] ?? "";
      if (this.#cutOff.has(user)) return down.destroy();
      this.#sockets.set(down, user);
      up.write(first);
      return down.pipe(up);
    });
  }
}
