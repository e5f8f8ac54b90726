import assert from "node:assert/strict";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import tls from "node:tls";
import { testAuthority } from "../../agent/test/support/test-authority.ts";
import { credentialsOf, makeWorld, type World } from "./halligan.ts";

const HOSTNAME = "halligan.test";

interface Listening extends AsyncDisposable {
  port: number;
  /** First line and credentials of each CONNECT. */
  requests: string[];
}

async function listening(server: net.Server, requests: string[] = []): Promise<Listening> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function join2(one: net.Socket, other: net.Socket): void {
  one.pipe(other).pipe(one);
  one.on("error", () => other.destroy());
  other.on("error", () => one.destroy());
}

/**
 * Connects whatever name it is given to the same port of this machine, and answers 407 without the
 * right password.
 */
function startProxy(): Promise<Listening> {
  const requests: string[] = [];
  const server = net.createServer((socket) => {
    socket.once("data", (chunk) => {
      const [line = ""] = chunk.toString().split("\r\n");
      requests.push(line);
      const isKnown = chunk.toString().includes(Buffer.from("me:pass:word").toString("base64"));
      if (!isKnown) {
        socket.end("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=x\r\n\r\n");
        return;
      }
      const target = net.connect(Number(/:(\d+) /.exec(line)?.[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        join2(socket, target);
      });
    });
  });
  return listening(server, requests);
}

/** Ends TLS before the fake API. */
function startTls(world: World, authority: { cert: string; key: string }): Promise<Listening> {
  const port = Number(new URL(world.api.url).port);
  return listening(tls.createServer(authority, (socket) => join2(socket, net.connect(port, "127.0.0.1"))));
}

describe("halligan on the network", { concurrency: 3 }, () => {
  it("takes the proxy of the environment, with credentials, and uploads and downloads through it", async () => {
    await using world = await makeWorld();
    await using proxy = await startProxy();
    const url = world.api.url.replace("127.0.0.1", HOSTNAME);
    const variables = {
      ...credentialsOf(world.api),
      HALLIGAN_URL: url,
      http_proxy: `http://me:pass%3Aword@127.0.0.1:${proxy.port}`,
    };
    await writeFile(join(world.folder, "big.bin"), Buffer.alloc(5_000_000, "x"));
    const added = await world.call(["library", "add", "big.bin", "--allow-plain-http"], { variables });
    assert.equal(added.exitCode, 0, added.stderr);
    assert.equal(world.api.library.get("big.bin")?.length, 5_000_000);
    const got = await world.call(["get", "web-01", "/var/log/auth.log", "-o", "-", "--allow-plain-http"], {
      variables,
    });
    assert.deepEqual([got.exitCode, got.stdout], [0, "content of the file\n"]);
    assert.ok(proxy.requests.length > 0);
    for (const line of proxy.requests) assert.equal(line, `CONNECT ${new URL(url).host} HTTP/1.1`);
  });

  it("names a proxy that refuses, and not the password", async () => {
    await using world = await makeWorld();
    await using proxy = await startProxy();
    const variables = {
      ...credentialsOf(world.api),
      HALLIGAN_URL: world.api.url.replace("127.0.0.1", HOSTNAME),
      ALL_PROXY: `me:wrong-secret@127.0.0.1:${proxy.port}`,
    };
    const { exitCode, stderr } = await world.call(
      ["login", "--server", variables.HALLIGAN_URL, "--client-id", "app-1", "--allow-plain-http"],
      {
        variables,
      },
    );
    assert.equal(exitCode, 69);
    assert.match(stderr, /The proxy http:\/\/127\.0\.0\.1:\d+ refused the credentials in ALL_PROXY \(407\)/);
    assert.doesNotMatch(stderr, /wrong-secret/);
    const direct = { ...variables, NO_PROXY: `.test,${HOSTNAME}` };
    assert.match(
      (await world.call(["machines", "--allow-plain-http"], { variables: direct })).stderr,
      /host name (is not known|could not be looked up)/,
    );
  });

  it("login --ca trusts a private authority for its profile, and SSL_CERT_FILE for all", async () => {
    await using world = await makeWorld();
    const authority = testAuthority(world.folder, ["IP:127.0.0.1"]);
    await using front = await startTls(world, authority);
    const server = `https://127.0.0.1:${front.port}`;
    const secret = { HALLIGAN_CLIENT_SECRET: world.api.clientSecret };
    const login = ["login", "--server", server, "--client-id", world.api.clientId];
    const refused = await world.spawn(login, { variables: secret }).ended;
    assert.equal(refused.exitCode, 69);
    assert.match(refused.stderr, /not from an authority that this computer trusts.*--ca FILE.*NODE_EXTRA_CA_CERTS/);
    world.api.publicUrl = server;
    const done = await world.spawn([...login, "--ca", authority.caFile], { variables: secret }).ended;
    assert.equal(done.exitCode, 0, done.stderr);
    if (process.platform !== "win32") assert.equal((await stat(world.configFile)).mode & 0o777, 0o600);
    const listed = await world.spawn(["machines"]).ended;
    assert.equal(listed.exitCode, 0, listed.stderr);
    const variables = { ...credentialsOf(world.api), HALLIGAN_URL: server, SSL_CERT_FILE: authority.caFile };
    assert.equal((await world.spawn(["machines"], { variables }).ended).exitCode, 0);
    const wrong = await world.spawn([...login, "--ca", "nowhere.crt"], { variables: secret }).ended;
    assert.equal(wrong.exitCode, 73);
    assert.match(wrong.stderr, /nowhere\.crt of --ca cannot be read: it does not exist/);
  });
});
