import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { ok } from "@halligan/protocol/errors";
import { systemClock } from "@halligan/protocol/time";
import { ensurePrivateFolder } from "../../src/disk/private-folder.ts";
import { readOrMakeDeviceKey } from "../../src/identity/device-key.ts";
import { enroll } from "../../src/identity/enroll.ts";
import { readEnrollmentToken } from "../../src/identity/enrollment-token.ts";
import { lockFolder } from "../../src/identity/folder-lock.ts";
import { checkServerUrl } from "../../src/identity/server-url.ts";
import { agentNetwork } from "../../src/network/agent-network.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { agentConnectionUrl } from "../../src/websocket/websocket-net.ts";
import { AgentProcess, temporaryFolder } from "../support/agent-process.ts";
import { FACTS } from "../support/fake-ports.ts";
import { FakeServer } from "../support/fake-server.ts";

const network = agentNetwork({}, DEFAULT_SETTINGS);
const posix = { skip: process.platform === "win32" ? "needs POSIX modes" : false };

test("plain http is accepted for this device only, unless it is allowed", () => {
  assert.deepEqual(checkServerUrl("http://127.0.0.1:8080/", false), ok("http://127.0.0.1:8080"));
  assert.deepEqual(checkServerUrl("http://[::1]:1", false), ok("http://[::1]:1"));
  assert.ok(!checkServerUrl("http://10.0.0.1", false).ok);
  assert.ok(!checkServerUrl("http://localhost.evil.example", false).ok);
  assert.deepEqual(checkServerUrl("http://10.0.0.1", true), ok("http://10.0.0.1"));
  assert.deepEqual(checkServerUrl("https://h.example/base/", false), ok("https://h.example/base"));
  for (const wrong of ["h.example", "ftp://h.example", "https://u:p@h.example", "https://h.example/?a=1"]) {
    assert.ok(!checkServerUrl(wrong, true).ok, wrong);
  }
});

test("the link's address follows the server's", () => {
  assert.equal(agentConnectionUrl("http://127.0.0.1:8080").href, "http://127.0.0.1:8080/agent/v1/link");
  assert.equal(agentConnectionUrl("https://h.example/base").href, "https://h.example/base/agent/v1/link");
});

test("a token as an argument is refused with the reason, and is not repeated in it", async () => {
  for (const args of [["--token", "canary"], ["--token=canary"]]) {
    await using agent = new AgentProcess(process.execPath, ["enroll", "--server", "http://127.0.0.1", ...args]);
    assert.equal(await agent.exited, 64);
    assert.match(agent.output, /every user of this device can read arguments/);
    assert.doesNotMatch(agent.output, /canary/);
  }
});

test("a name without anything to see, or with a control character, is refused with the remedy", async () => {
  for (const [name, fault] of [
    ["", /--name is empty or has only blanks: give a name, or leave the option out/],
    [" ", /--name is empty or has only blanks/],
    ["a\nb", /--name contains a control character/],
  ] as const) {
    await using agent = new AgentProcess(process.execPath, [
      "enroll",
      "--server",
      "http://127.0.0.1",
      `--name=${name}`,
    ]);
    assert.equal(await agent.exited, 64);
    assert.match(agent.output, fault);
  }
});

test("the token comes from the file, else the environment, else standard input", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "token");
  await writeFile(file, "from-file\n");
  const stdin = async function* () {
    yield Buffer.from("from-stdin\n");
  };
  const env = { HALLIGAN_ENROLLMENT_TOKEN: "from-env" };
  const base = { file: undefined, useStdin: false, env: {}, stdin: stdin(), stdinIsTerminal: false };
  assert.equal(await readEnrollmentToken({ ...base, file, env }), "from-file");
  assert.equal(await readEnrollmentToken({ ...base, env }), "from-env");
  assert.equal(await readEnrollmentToken(base), "from-stdin");
  await assert.rejects(readEnrollmentToken({ ...base, stdin: stdin(), stdinIsTerminal: true }), /--token-file/);
});

test("a folder that others can write is refused, one that others can read is closed", posix, async () => {
  await using folder = await temporaryFolder();
  await chmod(folder.path, 0o777);
  assert.throws(() => ensurePrivateFolder(folder.path), /can be written by others/);
  await chmod(folder.path, 0o755);
  ensurePrivateFolder(folder.path);
});

test("an interrupted enrollment continues with the same key, and a refusal shows the server's message", async () => {
  await using folder = await temporaryFolder();
  await using server = new FakeServer();
  const serverUrl = await server.listen();
  server.intercept = (_request, response) => {
    response
      .writeHead(401)
      .end(JSON.stringify({ error: { code: "Unauthorized", message: "Token is used up.", target: "" } }));
    return true;
  };
  const wish = {
    root: folder.path,
    serverUrl,
    token: "t",
    name: null,
    facts: FACTS,
    network,
    enrollTimeoutMs: DEFAULT_SETTINGS.enrollTimeoutMs,
    authorities: null,
  };
  await assert.rejects(enroll(wish), /HTTP 401\): Token is used up\./);
  const pem = await readFile(path.join(folder.path, "device-key.pem"), "utf8");
  server.intercept = () => false;
  const config = await enroll(wish);
  assert.equal(config.machineId, server.machineId);
  assert.equal(await readFile(path.join(folder.path, "device-key.pem"), "utf8"), pem);
  await assert.rejects(enroll(wish), /enrolled already/);
});

test("the error for an unreachable server says that it is unreachable", async () => {
  await using folder = await temporaryFolder();
  const gone = new FakeServer();
  const serverUrl = await gone.listen();
  await gone[Symbol.asyncDispose]();
  const wish = {
    root: folder.path,
    serverUrl,
    token: "t",
    name: null,
    facts: FACTS,
    network,
    enrollTimeoutMs: DEFAULT_SETTINGS.enrollTimeoutMs,
    authorities: null,
  };
  await assert.rejects(enroll(wish), /could not be reached: nothing listens at this address/);
});

test("two that make the key at once get one key", async () => {
  await using folder = await temporaryFolder();
  const a = await readOrMakeDeviceKey(folder.path);
  const b = await readOrMakeDeviceKey(folder.path);
  assert.ok(a.equals(b));
});

test("the lock of an agent that was killed counts for nothing; that of a living process does", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "agent.lock");
  await writeFile(file, "1 boot 1234567\n");
  {
    await using _lock = await lockFolder(folder.path, "boot", systemClock);
    assert.match(await readFile(file, "utf8"), new RegExp(`^${process.pid} `));
  }
  await assert.rejects(readFile(file));
});
