import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { test } from "node:test";
import { ProxyError, proxyFor } from "../../src/network/index.ts";
import { openTunnel } from "../../src/network/tunnel.ts";

const TARGET = { hostname: "halligan.example", port: 8443 };

/** A proxy that does what the test says with each connection. */
async function proxyThat(serve: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxy = proxyFor(new URL("https://halligan.example:8443"), {
    HTTPS_PROXY: `http://u:secret@127.0.0.1:${port}`,
  });
  assert.ok(proxy);
  return {
    proxy,
    name: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const answers = (text: string) => (socket: net.Socket) => void socket.once("data", () => socket.write(text));

const CASES: [title: string, serve: (socket: net.Socket) => void, expected: RegExp][] = [
  ["hangs", () => undefined, /did not respond within 0\.3 seconds\. Check HTTPS_PROXY\./],
  ["closes", (socket) => void socket.once("data", () => socket.end()), /closed the connection without a response/],
  ["closes within the head", answers("HTTP/1.1 200 OK\r\nA:"), /did not respond within/],
  [
    "resets",
    (socket) => void socket.once("data", () => socket.resetAndDestroy()),
    /broke the connection off|closed the connection/,
  ],
  [
    "sends a head without end",
    (socket) => {
      const filler = "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(1_000);
      const send = () => void socket.write(filler, (error) => error ?? send());
      socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n", send));
    },
    /sent a response whose head does not end/,
  ],
  ["is none", answers("SSH-2.0-OpenSSH_9.2\r\n\r\n"), /does not respond as an HTTP proxy does/],
  [
    "answers 403",
    answers("HTTP/1.1 403 Forbidden\r\n\r\n"),
    /halligan\.example:8443 \(403\): let it allow CONNECT to port 8443/,
  ],
  [
    "answers 407 to credentials",
    answers("HTTP/1.0 407 Auth\r\n\r\n"),
    /refused the credentials in HTTPS_PROXY \(407\)/,
  ],
  [
    "answers 401 to credentials, as tinyproxy does,",
    answers('HTTP/1.0 401 Unauthorized\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n'),
    /refused the credentials in HTTPS_PROXY \(401\): correct the user name or the password/,
  ],
  [
    "wants another authentication",
    answers("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n\r\n"),
    /wants Negotiate or NTLM authentication, which is not supported/,
  ],
  ["answers 503", answers("HTTP/1.1 503 No\r\n\r\n"), /could not connect to halligan\.example:8443 \(503\)/],
  ["answers 302", answers("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n"), /responded with status 302 to CONNECT/],
];

for (const [title, serve, expected] of CASES) {
  test(`a proxy that ${title} is named with the remedy, and its password is not`, { timeout: 20_000 }, async () => {
    await using broken = await proxyThat(serve);
    await assert.rejects(openTunnel(broken.proxy, TARGET, 300), (error) => {
      assert.ok(error instanceof ProxyError);
      assert.match(error.message, expected);
      assert.ok(error.message.includes(broken.name), error.message);
      assert.ok(!JSON.stringify([error.message, String(error.cause)]).includes("secret"));
      return true;
    });
  });
}

test("a proxy that is not there is named", { timeout: 20_000 }, async () => {
  const gone = await proxyThat(() => undefined);
  await gone[Symbol.asyncDispose]();
  await assert.rejects(
    openTunnel(gone.proxy, TARGET, 5_000),
    /cannot be reached: nothing listens there\. Check HTTPS_PROXY/,
  );
});

test("the request names the target and carries the credentials; what follows the response belongs to the target", {
  timeout: 20_000,
}, async () => {
  let asked = "";
  await using working = await proxyThat((socket) => {
    socket.once("data", (chunk) => {
      asked = chunk.toString();
      socket.write("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nfirst ");
      setImmediate(() => socket.write("second"));
    });
  });
  const socket = await openTunnel(working.proxy, TARGET, 5_000);
  let received = "";
  for await (const chunk of socket) {
    received += chunk;
    if (received === "first second") break;
  }
  assert.equal(
    asked,
    "CONNECT halligan.example:8443 HTTP/1.1\r\nHost: halligan.example:8443\r\n" +
      `Proxy-Authorization: Basic ${Buffer.from("u:secret").toString("base64")}\r\n\r\n`,
  );
});
