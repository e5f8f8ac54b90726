import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { networkFailure } from "@halligan/protocol/text";

const NO_CODE = /\b(E[A-Z]{4,}|ERR_\w+|UND_ERR\w*|CERT_\w+|DEPTH_ZERO\w*|error:[0-9A-F]{6,})\b/;

/** What the sentence for a real failed request is. */
async function failureOf(url: string, ca?: string): Promise<string> {
  const request = async () => {
    if (ca === undefined) return void (await fetch(url));
    await new Promise((resolve, reject) => {
      https.get(url, { ca }, (response) => resolve(response.resume())).on("error", reject);
    });
  };
  try {
    await request();
  } catch (error) {
    const text = networkFailure(url, error);
    assert.doesNotMatch(text, NO_CODE);
    return text;
  }
  throw new Error("the request succeeded");
}

function makeCertificate(names: string): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "halligan-certificate-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  try {
    execFileSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"],
      ...["-keyout", key, "-out", cert, "-addext", `subjectAltName=${names}`, "-days", "2"],
    ]);
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function listen(server: net.Server): Promise<AsyncDisposable & { port: number }> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

describe("a server that could not be reached", () => {
  it("is named with the reason and the remedy: refused, unknown name, refused port", async () => {
    const gone = await listen(net.createServer());
    await gone[Symbol.asyncDispose]();
    const url = `http://127.0.0.1:${gone.port}`;
    assert.equal(
      await failureOf(`${url}/api?key=secret`),
      `${url} could not be reached: nothing listens at this address. Check host and port, and that the server runs.`,
    );
    assert.match(await failureOf("http://nope.invalid"), /host name is not known\.|could not be looked up/);
    assert.match(await failureOf("http://127.0.0.1:1"), /clients refuse this port|nothing listens/);
  });

  it("over https at a port without TLS, and over http at one with TLS, says which", async () => {
    await using plain = await listen(http.createServer());
    assert.match(await failureOf(`https://127.0.0.1:${plain.port}`), /does not speak TLS at this port\. Use http:/);
    await using secure = await listen(https.createServer(makeCertificate("DNS:localhost")));
    assert.match(await failureOf(`http://127.0.0.1:${secure.port}`), /connection was closed.* http or https/);
  });

  it("with an untrusted certificate names NODE_EXTRA_CA_CERTS", async () => {
    await using server = await listen(https.createServer(makeCertificate("IP:127.0.0.1")));
    assert.match(
      await failureOf(`https://127.0.0.1:${server.port}`),
      /authority that this computer.*NODE_EXTRA_CA_CERTS/,
    );
  });

  it("with a certificate for another name says which names it has, not that it is untrusted", async () => {
    const made = makeCertificate("DNS:a.example,DNS:*.lab.example,IP:10.1.2.3");
    await using server = await listen(https.createServer(made));
    const text = await failureOf(`https://127.0.0.1:${server.port}`, made.cert);
    assert.match(text, /its certificate is for a\.example, \*\.lab\.example, 10\.1\.2\.3, not for 127\.0\.0\.1\./);
    assert.doesNotMatch(text, /NODE_EXTRA_CA_CERTS/);
  });

  it("with a certificate that is over or not yet valid says so", () => {
    const ended = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
    assert.match(networkFailure("https://a", ended), /its certificate has expired\. Renew it/);
    const early = Object.assign(new Error("certificate is not yet valid"), { code: "CERT_NOT_YET_VALID" });
    assert.match(networkFailure("https://a", early), /not valid yet\. Check the clock/);
  });

  it("and does not answer in time says so, whatever the runtime calls it", () => {
    const timeout = Object.assign(new Error("x"), { name: "TimeoutError" });
    const wrapped = new TypeError("fetch failed", {
      cause: Object.assign(new Error("Connect Timeout Error"), { code: "UND_ERR_CONNECT_TIMEOUT" }),
    });
    for (const error of [timeout, wrapped]) assert.match(networkFailure("http://a", error), /does not answer in time/);
  });

  it("at all of its addresses gives the reason of one", () => {
    const one = Object.assign(new Error("connect ECONNREFUSED ::1:1"), { code: "ECONNREFUSED" });
    assert.match(networkFailure("http://a", new AggregateError([one, one])), /nothing listens/);
  });
});
