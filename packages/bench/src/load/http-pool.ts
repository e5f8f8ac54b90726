import { type HttpAnswer, HttpConnection } from "./http-connection.ts";

/**
 * So many connections to one server; a request waits, first come first served, until one is free.
 */
export class HttpPool implements Disposable {
  readonly #connections: readonly HttpConnection[];
  readonly #free: HttpConnection[];
  readonly #queue: ((connection: HttpConnection) => void)[] = [];

  constructor(baseUrl: string, connections: number, ca: string | null = null) {
    this.#connections = Array.from({ length: connections }, () => new HttpConnection(baseUrl, ca));
    this.#free = [...this.#connections];
  }

  async request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
  ): Promise<HttpAnswer> {
    const connection = this.#free.pop() ?? (await new Promise<HttpConnection>((resolve) => this.#queue.push(resolve)));
    try {
      return await connection.request(method, path, headers, body);
    } finally {
      const next = this.#queue.shift();
      if (next) next(connection);
      else this.#free.push(connection);
    }
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }
}
