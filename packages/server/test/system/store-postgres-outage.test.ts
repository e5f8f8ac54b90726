import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../protocol/test/support/until.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { StoreUnavailableError } from "../../src/store/store-unavailable-error.ts";
import { PostgresServer } from "../support/postgres-server.ts";

/** A proxy between a store and its server. Neither side notices when it stops passing data. */
class SilentProxy implements AsyncDisposable {
  isSilent = false;
  readonly url: string;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(listener: Server, url: URL) {
    this.#listener = listener;
    const own = new URL(url);
    const address = listener.address();
    if (address === null || typeof address === "string") throw new Error("the system gave no port");
    own.port = String(address.port);
    this.url = own.href;
    listener.on("connection", (near) => {
      const far = connect(Number(url.port), url.hostname);
      this.#pass(near, far);
      this.#pass(far, near);
    });
  }

  static async listen(url: URL): Promise<SilentProxy> {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    return new SilentProxy(listener, url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (chunk) => {
      if (!this.isSilent) to.write(chunk);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

const server = await PostgresServer.start();
if (!server) test("a PostgreSQL that goes away (none is installed to be started)", { skip: true });
else {
  after(() => server[Symbol.asyncDispose]());
  const { url } = server;

  test("a store whose database dies says so, and goes on by itself with all that it had answered", async () => {
    const store = await PostgresStore.open({ url, connectTimeoutMs: 2_000 });
    after(() => store.close());
    const answered = new Set<string>();
    let unavailable = 0;
    const stop = new AbortController();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; !stop.signal.aborted; turn += 1) {
        const key = `${writer}-${turn}`;
        try {
          await store.write((tx) => tx.meta.getOrSet(key, () => "kept"));
          answered.add(key);
        } catch (cause) {
          assert.ok(cause instanceof StoreUnavailableError, String(cause));
          unavailable += 1;
          await pause(20);
        }
      }
    });
    await until(() => answered.size >= 200, "200 answered writes");
    await server.kill();
    await until(() => unavailable >= 8, "8 refused writes");
    await assert.rejects(
      store.read((tx) => tx.applications.list()),
      StoreUnavailableError,
    );
    const before = [...answered];
    await server.restart();
    await until(() => answered.size >= before.length + 200, "200 answered writes after the outage");
    stop.abort();
    await Promise.all(writers);
    for (const key of before) assert.equal(await store.write((tx) => tx.meta.getOrSet(key, () => "lost")), "kept");
  });

  test("idle connections that the database has closed are replaced, and no caller sees an error", async () => {
    const store = await PostgresStore.open({ url, maxConnections: 4 });
    after(() => store.close());
    await Promise.all(Array.from({ length: 4 }, () => store.write((tx) => tx.meta.getOrSet("idle", () => "x"))));
    await server.kill();
    await server.restart();
    const values = await Promise.all(
      Array.from({ length: 8 }, () => store.write((tx) => tx.meta.getOrSet("idle", () => "y"))),
    );
    assert.deepEqual(new Set(values), new Set(["x"]));
  });

  test("a database that has gone silent is given up, and a new connection is made when it can be reached again", async () => {
    await using proxy = await SilentProxy.listen(new URL(url));
    const store = await PostgresStore.open({ url: proxy.url, statementTimeoutMs: 100, connectTimeoutMs: 1_000 });
    const look = () => store.write((tx) => tx.meta.getOrSet("silent", () => "x"));
    assert.equal(await look(), "x");
    proxy.isSilent = true;
    await assert.rejects(look(), StoreUnavailableError);
    proxy.isSilent = false;
    assert.equal(await look(), "x");
    await store.close();
  });

  test("a database that is unavailable at the start differs from one that refuses the server", async () => {
    await server.kill();
    await assert.rejects(PostgresStore.open({ url, connectTimeoutMs: 2_000 }), StoreUnavailableError);
    await server.restart(["fsync=off"]);
    await assert.rejects(PostgresStore.open({ url }), /fsync is off/);
    await server.kill();
    await server.restart();
    await (await PostgresStore.open({ url })).close();
  });
}
