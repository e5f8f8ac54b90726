import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { systemClock, withDeadline } from "@halligan/protocol/time";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { WebSocket } from "ws";

export interface MeshLogin {
  readonly port: number;
  /** The root certificate that the server made for itself. */
  readonly ca: string;
  readonly headers: Readonly<Record<string, string>>;
}

const Message = Compile(
  Type.Object({
    action: Type.Optional(Type.String()),
    responseid: Type.Optional(Type.String()),
    result: Type.Optional(Type.String()),
    meshid: Type.Optional(Type.String()),
    cookie: Type.Optional(Type.String()),
    rcookie: Type.Optional(Type.String()),
    event: Type.Optional(
      Type.Object({
        action: Type.Optional(Type.String()),
        nodeid: Type.Optional(Type.String()),
        conn: Type.Optional(Type.Number()),
      }),
    ),
  }),
);
export type MeshMessage = Readonly<{
  action?: string;
  responseid?: string;
  result?: string;
  meshid?: string;
  cookie?: string;
  rcookie?: string;
  event?: { action?: string; nodeid?: string; conn?: number };
}>;

type Listener = (message: MeshMessage) => void;

/**
 * The certificate is checked; the name in it is not, because the server is reached by its loopback
 * address.
 */
export function openMeshSocket({ port, ca, headers }: MeshLogin, path: string): WebSocket {
  return new WebSocket(`wss://127.0.0.1:${port}${path}`, { ca, headers });
}

/** The connection on which `meshctrl` and the web page of MeshCentral send their requests. */
export class MeshControl implements Disposable {
  readonly #socket: WebSocket;
  readonly #listeners = new Set<Listener>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const message: unknown = JSON.parse(String(data));
      if (Message.Check(message)) for (const listener of this.#listeners) listener(message);
    });
    socket.on("error", () => socket.terminate());
  }

  static async open(login: MeshLogin): Promise<MeshControl> {
    const socket = openMeshSocket(login, "/control.ashx");
    await once(socket, "open");
    return new MeshControl(socket);
  }

  listen(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Sends a request and resolves with the first message that answers it. */
  async ask(request: object, timeoutMs: number): Promise<MeshMessage> {
    const responseid = randomUUID();
    return await this.#answer({ ...request, responseid }, timeoutMs, (message) => message.responseid === responseid);
  }

  /** A request to which the server answers without its number. */
  async askByAction(action: string, timeoutMs: number): Promise<MeshMessage> {
    return await this.#answer({ action }, timeoutMs, (message) => message.action === action);
  }

  send(request: object): void {
    this.#socket.send(JSON.stringify(request));
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  async #answer(request: object, timeoutMs: number, isAnswer: (message: MeshMessage) => boolean): Promise<MeshMessage> {
    const { promise, resolve } = Promise.withResolvers<MeshMessage>();
    using _ = this.listen((message) => isAnswer(message) && resolve(message));
    this.send(request);
    const message = `MeshCentral sent no answer in ${timeoutMs} ms`;
    return await withDeadline(systemClock, timeoutMs, undefined, message, () => promise);
  }
}
