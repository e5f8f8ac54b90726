import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { CertificateMaker } from "../../../../server/test/support/certificates.ts";
import { freePort } from "../../../src/free-port.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-tls-"));
after(() => rm(folder, { recursive: true, force: true }));
const maker = new CertificateMaker(folder);
const isListening = (line: string) => line.includes('"msg":"listening"');
const says = (message: string) => (line: string) => line.includes(`"msg":"${message}"`);
const server = (env: Record<string, string>) =>
  new Program("server", { command: process.execPath, args: [ENTRY.server], env });

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The serial number of the certificate that a new connection is served. */
async function servedSerial(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

const get = (port: number, path: string, agent: Agent) =>
  new Promise<{ body: string; socket: Socket }>((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, agent }, async (response) => {
      const { socket } = response;
      let body = "";
      for await (const chunk of response) body += String(chunk);
      resolve({ body, socket });
    });
    sent.on("error", reject).end();
  });

test("a certificate is reloaded at SIGHUP and by itself; open connections go on, a wrong pair changes nothing", async () => {
  const [first, second, third] = [maker.selfSigned(), maker.selfSigned(), maker.selfSigned()];
  const files = { certFile: join(folder, "server.crt"), keyFile: join(folder, "server.key") };
  const put = async (from: typeof files) => {
    await copyFile(from.certFile, files.certFile);
    await copyFile(from.keyFile, files.keyFile);
  };
  await put(first);
  const port = await freePort();
  const settings = {
    HALLIGAN_DATA_DIR: join(folder, "data"),
    HALLIGAN_LISTEN: `127.0.0.1:${port}`,
    HALLIGAN_TLS_CERT_FILE: files.certFile,
    HALLIGAN_TLS_KEY_FILE: files.keyFile,
  };
  {
    await using program = server({ ...settings, HALLIGAN_TLS_RELOAD_INTERVAL_MS: "86400000" });
    await program.line(isListening);
    const before = await servedSerial(port);
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    const open = await get(port, "/healthz", agent);

    await copyFile(second.certFile, files.certFile);
    program.kill("SIGHUP");
    await program.line(says("certificate not reloaded; the former one is still served"));
    assert.equal(await servedSerial(port), before);
    const { body } = await get(port, "/readyz", agent);
    assert.match(body, /"ready":true.*"part":"certificate".*cannot be used/);
    assert.match((await get(port, "/metrics", agent)).body, /^halligan_tls_reload_failed 1$/m);

    await put(second);
    program.kill("SIGHUP");
    await program.line(says("certificate reloaded"));
    const now = await servedSerial(port);
    assert.notEqual(now, before);
    const after = await get(port, "/metrics", agent);
    assert.equal(after.socket, open.socket, "the connection of before is still in use");
    assert.match(after.body, /^halligan_tls_reload_failed 0$/m);
    assert.match(after.body, /^halligan_tls_certificate_expiry_seconds [1-9]/m);
    agent.destroy();
  }
  await using program = server({ ...settings, HALLIGAN_TLS_RELOAD_INTERVAL_MS: "100" });
  await program.line(isListening);
  await put(third);
  await program.line(says("certificate reloaded"));
});

test("SIGHUP, SIGUSR1 and SIGUSR2 end no server and open no inspector; a second signal to stop does not wait", async () => {
  const port = await freePort();
  await using program = server({
    HALLIGAN_DATA_DIR: join(folder, "signals"),
    HALLIGAN_LISTEN: `127.0.0.1:${port}`,
    HALLIGAN_DRAIN_TIMEOUT_MS: "600000",
  });
  await program.line(isListening);
  for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE"] as const) program.kill(signal);
  await program.line((line) => line.includes("nothing to reload"));
  await program.line((line) => line.includes('"signal":"SIGUSR2"'));
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  assert.ok(!program.output.includes("Debugger listening"));
  // A request that never ends keeps the first signal's stop waiting.
  const slow = connectTcp(port, "127.0.0.1");
  slow.on("error", () => undefined);
  slow.write("POST /tenant/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n");
  slow.write("Content-Type: application/x-www-form-urlencoded\r\n\r\na");
  await once(slow, "connect");
  program.kill("SIGQUIT");
  await program.line((line) => line.includes('"signal":"SIGQUIT"'));
  program.kill("SIGTERM");
  assert.equal(await program.exited, 143);
  slow.destroy();
});

test("a server goes on after the reader of its log has ended", async () => {
  const port = await freePort();
  const dataDir = join(folder, "silent");
  // The reader of its output ends after the first line.
  const shell = 'set -m; ("$0" "$1" & echo $! >"$2.pid"; wait) | head -n 1; sleep 60';
  await using program = new Program("server", {
    command: "sh",
    args: ["-c", shell, process.execPath, ENTRY.server, dataDir],
    env: { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: `127.0.0.1:${port}`, HALLIGAN_LOG_LEVEL: "trace" },
  });
  // The server's own: without a terminal the shell complains first, before it has written the
  // number.
  await program.line((line) => line.startsWith("{"));
  const pid = Number(await readFile(`${dataDir}.pid`, "utf8"));
  try {
    // Its log says no more when it listens: only an answer shows it.
    for (let n = 0; n < 20; ) {
      assert.ok(isRunning(pid), `the server ended. Its last output:\n${program.output}`);
      const answered = await fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (answered) n += 1;
      else await sleep(50);
    }
    process.kill(pid, "SIGHUP");
    assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
  } finally {
    if (isRunning(pid)) process.kill(pid, "SIGKILL");
  }
});

for (const runtime of ["node", "bun"] as const) {
  test(`${runtime}: an agent survives SIGHUP, SIGUSR1 and SIGUSR2, and stops at SIGQUIT`, async () => {
    await using world = await World.start({ runtime });
    const id = world.machines[0]?.id ?? "";
    const agent = world.agent(id);
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE"] as const) agent.kill(signal);
    await agent.line((line) => line.includes('"signal":"SIGUSR2"'));
    assert.ok(!agent.output.includes("Debugger listening"));
    assert.equal((await world.client.getMachine(id, {})).healthStatus, "Active");
    agent.kill("SIGQUIT");
    assert.equal(await agent.exited, 0);
    assert.match(agent.output, /"event":"agentStopped"/);
  });
}
