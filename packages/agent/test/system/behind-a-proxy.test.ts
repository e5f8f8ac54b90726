import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { until } from "../../../protocol/test/support/until.ts";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { FakeServer } from "../support/fake-server.ts";
import { noSquid, startSquid } from "../support/squid.ts";
import { testAuthority } from "../support/test-authority.ts";

const options = { timeout: 120_000 };
/** Known to the proxy alone: a device behind a proxy often cannot look names up. */
const HOSTNAME = "halligan.test";
/** With what a person has to encode in an address. */
const PASSWORD = "pa:s/s@w%rd";

/** What a machine of a developer may have set and a test must not take. */
const CLEAN = {
  ...Object.fromEntries(
    ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
      [name, ""],
      [name.toLowerCase(), ""],
    ]),
  ),
  NODE_EXTRA_CA_CERTS: "",
  SSL_CERT_FILE: "",
  SSL_CERT_DIR: "",
};

/** @param isTls whether the server speaks https */
async function world(isTls = true) {
  const folder = await temporaryFolder();
  const authority = testAuthority(folder.path, [`DNS:${HOSTNAME}`, "DNS:localhost", "IP:127.0.0.1"]);
  const server = new FakeServer(isTls ? authority : undefined);
  const { port } = new URL(await server.listen());
  const asked = { user: "device", password: PASSWORD, targetPort: Number(port), hostname: HOSTNAME, authority };
  const squid = await startSquid(asked);
  const credentials = `device:${encodeURIComponent(PASSWORD)}`;
  return {
    root: path.join(folder.path, "data"),
    folder: folder.path,
    authority,
    server,
    squid,
    port,
    serverUrl: `${isTls ? "https" : "http"}://${HOSTNAME}:${port}`,
    proxyUrl: `http://${credentials}@127.0.0.1:${squid.port}`,
    tlsProxyUrl: `https://${credentials}@localhost:${squid.tlsPort}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await squid[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
type World = Awaited<ReturnType<typeof world>>;

async function enroll(runtime: string, { root, serverUrl }: World, env: NodeJS.ProcessEnv, ...more: string[]) {
  const args = ["enroll", "--server", serverUrl, "--data", root, ...more];
  await using enrolling = new AgentProcess(runtime, args, {
    env: { ...CLEAN, HALLIGAN_ENROLLMENT_TOKEN: "t", ...env },
  });
  return { code: await enrolling.exited, output: enrolling.output };
}

/** One action with bytes in both directions. */
async function doOneAction({ server, folder }: World): Promise<void> {
  const big = "halligan ".repeat(1_000_000);
  const file = path.join(folder, "big.txt");
  writeFileSync(file, big);
  const order = server.order([
    { index: 0, type: "PutFile", fileName: "tool.txt", file: server.addFile(big) },
    { index: 1, type: "RunScript", scriptName: "a.sh", args: null, file: server.addFile("wc -c < tool.txt") },
    { index: 2, type: "GetFile", path: file },
  ]);
  server.sendOrder(order);
  const script = await server.frame("ended", ({ index }) => index === 1);
  const transcript = script.result?.kind === "inline" ? JSON.parse(script.result.transcript) : null;
  assert.equal(Number(transcript.script_output), big.length);
  const got = await server.frame("ended", ({ index }) => index === 2);
  const result = got.result?.kind === "uploaded" ? server.completed.get(got.result.uploadId) : undefined;
  assert.equal(result && gunzipSync(result).toString(), big);
}

/** A test that ends at its time limit tells what the agent and the proxy saw. */
function sayWhenLate(t: TestContext, { squid }: World, agent: AgentProcess): void {
  t.signal.addEventListener("abort", () => {
    t.diagnostic(`${agent.output}\n${squid.requests().join("\n")}\n${squid.log()}`);
  });
}

function assertNoSecret(text: string): void {
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(`device:${PASSWORD}`).toString("base64")]) {
    assert.ok(!text.includes(secret), text);
  }
}

for (const runtime of RUNTIMES) {
  const skip = runtime.isThere ? noSquid : `${runtime.name} is not installed`;
  describe(`behind a proxy, under ${runtime.name}`, { skip }, () => {
    for (const kind of ["plain", "TLS"] as const) {
      test(`enrolls, links and transfers through a ${kind} proxy, and keeps the authority`, options, async (t) => {
        await using here = await world();
        const proxy = kind === "plain" ? here.proxyUrl : here.tlsProxyUrl;
        const { code, output } = await enroll(
          runtime.file,
          here,
          { https_proxy: proxy },
          "--ca",
          here.authority.caFile,
        );
        assert.equal(code, 0, output);
        assert.equal(statSync(path.join(here.root, "ca.pem")).mode & 0o777, 0o600);
        assert.equal(readFileSync(path.join(here.root, "ca.pem"), "utf8").trim(), here.authority.ca.trim());
        // As a service manager starts it: nothing of the enrollment's environment but the proxy.
        await using agent = new AgentProcess(runtime.file, ["run", "--data", here.root], {
          env: { ...CLEAN, ALL_PROXY: proxy },
        });
        sayWhenLate(t, here, agent);
        await here.server.frame("hello");
        await doOneAction(here);
        const { squid, port } = here;
        const through = () => squid.requests().filter((line) => line === `CONNECT ${HOSTNAME}:${port} 200`);
        const name = kind === "plain" ? `http://127.0.0.1:${squid.port}` : `https://localhost:${squid.tlsPort}`;
        assert.ok(agent.output.includes(`"proxy":"${name}"`), agent.output);
        agent.kill("SIGTERM");
        await agent.exited;
        // Of the enrollment, the link and the transfers. It logs a connection when it ends.
        await until(() => through().length >= 3, "three requests through the proxy");
        assertNoSecret(output + agent.output);
      });
    }

    test("a server without TLS is reached through HTTP_PROXY in the same way", options, async (t) => {
      await using here = await world(false);
      const { code, output } = await enroll(runtime.file, here, { HTTP_PROXY: here.proxyUrl }, "--allow-plain-http");
      assert.equal(code, 0, output);
      await using agent = new AgentProcess(runtime.file, ["run", "--data", here.root], {
        env: { ...CLEAN, http_proxy: here.proxyUrl },
      });
      sayWhenLate(t, here, agent);
      await here.server.frame("hello");
      await doOneAction(here);
    });

    test("says what a proxy refuses and what to do, without the password", options, async () => {
      await using here = await world();
      const { squid, port, proxyUrl } = here;
      const cases: [NodeJS.ProcessEnv, RegExp][] = [
        [{ HTTPS_PROXY: `http://127.0.0.1:${squid.port}` }, /wants credentials \(407\): give them in HTTPS_PROXY/],
        [{ HTTPS_PROXY: proxyUrl.replace("device", "other") }, /refused the credentials in HTTPS_PROXY \(407\)/],
        [{ HTTPS_PROXY: proxyUrl, NO_PROXY: HOSTNAME }, /host name (is not known|could not be looked up)/],
        [{ HTTPS_PROXY: proxyUrl.replace("http:", "socks5:") }, /HTTPS_PROXY names a proxy of the kind socks5:\/\//],
        [{ HTTPS_PROXY: proxyUrl.replace("http:", "https:") }, /does not speak TLS; write http:\/\//],
        [{ HTTPS_PROXY: here.tlsProxyUrl }, /has a certificate that is not trusted/],
        [{ HTTPS_PROXY: proxyUrl }, /not from an authority that this computer trusts.*--ca FILE/],
      ];
      for (const [env, expected] of cases) {
        const { code, output } = await enroll(runtime.file, here, env);
        assert.equal(code, 1);
        assert.match(output, expected);
        assertNoSecret(output);
      }
      const wrongPort = { ...here, serverUrl: `https://${HOSTNAME}:${Number(port) === 1 ? 2 : 1}` };
      const { output } = await enroll(runtime.file, wrongPort, { HTTPS_PROXY: proxyUrl });
      assert.match(output, /refused a connection to halligan\.test:1 \(403\): let it allow CONNECT to port 1/);
    });
  });

  describe(`certificates, under ${runtime.name}`, { skip: runtime.isThere ? false : "not installed" }, () => {
    for (const how of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"] as const) {
      test(`an authority in ${how} is trusted, also for the link`, options, async () => {
        await using folder = await temporaryFolder();
        const authority = testAuthority(folder.path, ["IP:127.0.0.1"]);
        await using server = new FakeServer(authority);
        const here = { root: path.join(folder.path, "data"), serverUrl: await server.listen() };
        const env = { [how]: how === "SSL_CERT_DIR" ? folder.path : authority.caFile };
        const args = ["enroll", "--server", here.serverUrl, "--data", here.root];
        await using enrolling = new AgentProcess(runtime.file, args, {
          env: { ...CLEAN, HALLIGAN_ENROLLMENT_TOKEN: "t", ...env },
        });
        assert.equal(await enrolling.exited, 0, enrolling.output);
        // Of these only the first was named to the agent; the others are the system's, which is
        // there at each start.
        const later = how === "NODE_EXTRA_CA_CERTS" ? {} : env;
        await using _agent = new AgentProcess(runtime.file, ["run", "--data", here.root], {
          env: { ...CLEAN, ...later },
        });
        await server.frame("hello");
      });
    }

    test("an authority's file that cannot be used ends the enrollment before anything is asked", options, async () => {
      await using folder = await temporaryFolder();
      const authority = testAuthority(folder.path, ["IP:127.0.0.1"]);
      const damaged = path.join(folder.path, "damaged.crt");
      writeFileSync(damaged, authority.ca.replace("MII", "AAA"));
      const cases: [string, RegExp][] = [
        ["/nowhere/ca.crt", /The file \/nowhere\/ca\.crt of --ca cannot be read: it does not exist/],
        [authority.keyFile, /has no certificate in PEM form/],
        [damaged, /Certificate 1 in the file .*damaged\.crt of --ca is damaged/],
      ];
      for (const [file, expected] of cases) {
        const args = ["enroll", "--server", "https://127.0.0.1:9", "--data", path.join(folder.path, "d"), "--ca", file];
        await using enrolling = new AgentProcess(runtime.file, args, {
          env: { ...CLEAN, HALLIGAN_ENROLLMENT_TOKEN: "t" },
        });
        assert.equal(await enrolling.exited, 1);
        assert.match(enrolling.output, expected);
      }
    });
  });
}
