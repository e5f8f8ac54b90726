import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { pino } from "pino";
import { writeSelfMadeCertificate } from "../../../../../dev/src/certificates/self-made-certificate.ts";
import { NUMBER_SETTINGS } from "../../../../src/config/settings.ts";
import { AddressLimits } from "../../../../src/http/edge/admission/address-limits.ts";
import { parseTrustedProxies } from "../../../../src/http/edge/admission/client-address.ts";
import { HeldRefusals } from "../../../../src/http/edge/admission/held-refusals.ts";
import { UnauthenticatedLog } from "../../../../src/http/edge/admission/unauthenticated-log.ts";
import { GOOD, readAll, startApp, talk } from "../fixture.ts";

/** Six a minute, so one at once. */
const limits = (perMinute: number, noted: string[] = []) =>
  new AddressLimits({ anonymousRequestsPerMinute: perMinute }, () => 0, {
    noted: ({ kind }) => void noted.push(kind),
  });

const TOKEN = "/t/oauth2/token";
const from = (address: string) => ({ "x-forwarded-for": address });

async function limited(t: TestContext, perMinute: number, noted: string[] = []) {
  const parsed = parseTrustedProxies("127.0.0.0/8");
  assert.ok(parsed.ok);
  return await startApp(t, {
    addresses: limits(perMinute, noted),
    proxies: parsed.value.proxies,
    limits: { refusalDelayMs: 20 },
  });
}

test("too many token requests of one address are 429 in OAuth's form, and other addresses are served", async (t) => {
  const { base } = await limited(t, 12);
  const ask = (address: string) => fetch(base + TOKEN, { method: "POST", body: "a=b", headers: from(address) });
  for (let n = 0; n < 2; n += 1) assert.equal((await ask("198.51.100.1")).status, 200);
  const refused = await ask("198.51.100.1");
  assert.equal(refused.status, 429);
  assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  const body: unknown = await refused.json();
  assert.match(JSON.stringify(body), /^\{"error":"[a-z_]+","error_description":"Too many requests: /);
  assert.equal((await ask("198.51.100.2")).status, 200);
  assert.equal((await ask("2001:db8::1")).status, 200);
  assert.equal((await ask("2001:db8::2")).status, 200);
  assert.equal((await ask("2001:db8::3")).status, 429, "an IPv6 network is one address");
});

test("a thousand devices behind one address enroll at once by default", () => {
  const { anonymousRequestsPerMinute } = NUMBER_SETTINGS;
  const addresses = limits(anonymousRequestsPerMinute.default);
  for (let n = 0; n < 1_000; n += 1) assert.equal(addresses.countAnonymous("198.51.100.1"), null);
  assert.equal(addresses.countAnonymous("198.51.100.1")?.status, 429);
  assert.equal(addresses.countAnonymous("198.51.100.2"), null);
});

test("the rate is counted before the body is read", async (t) => {
  const { open } = await limited(t, 6);
  const head = `POST ${TOKEN} HTTP/1.1\r\nHost: x\r\n`;
  assert.match(await talk(await open(), `${head}Content-Length: 3\r\nConnection: close\r\n\r\na=b`), /^HTTP\/1.1 200 /);
  // The body never comes.
  const socket = await open();
  const answer = readAll(socket);
  socket.write(`${head}Content-Length: 900000\r\n\r\n`);
  assert.match(await answer, /^HTTP\/1.1 429 [\s\S]*connection: close/i);
  // Nor is it asked for.
  const polite = await talk(await open(), `${head}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n`);
  assert.match(polite, /^HTTP\/1.1 429 /);
});

test("forged access tokens are limited by address, and a valid or expired one never is", async (t) => {
  const noted: string[] = [];
  const { base } = await limited(t, 12, noted);
  const get = (authorization: string) => fetch(`${base}/api/machines/x`, { headers: { authorization } });
  const statuses: number[] = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await get("Bearer !")).status);
  assert.deepEqual(statuses, [401, 401, 429, 429]);
  assert.deepEqual(noted, ["accessToken", "accessToken", "accessToken", "accessToken"]);
  assert.equal((await get("Bearer expired")).status, 401);
  assert.equal((await fetch(`${base}/api/machines/x`, { headers: GOOD })).status, 200);
});

test("refusals of one address wait, a bounded number of them, and the others close their connections", async () => {
  const held = new HeldRefusals(60_000);
  const here = new AbortController();
  const waiting = Array.from({ length: 300 }, () => held.hold("198.51.100.1", here.signal));
  assert.equal(held.heldCount, 256);
  assert.equal(await waiting.at(-1), false);
  const other = held.hold("198.51.100.2", here.signal);
  assert.equal(held.heldCount, 257);
  held.close();
  assert.ok((await Promise.all(waiting)).filter((one) => one).length === 256 && (await other));
  assert.equal(held.heldCount, 0);
});

test("log lines of one address without authentication are bounded, and the dropped ones are counted", async (t) => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const unauthenticatedLog = new UnauthenticatedLog(5, () => 0, log);
  const app = await startApp(t, { unauthenticatedLog });
  for (let n = 0; n < 30; n += 1) await fetch(`${app.base}/no/such/path/${n}`);
  for (let n = 0; n < 3; n += 1) await fetch(`${app.base}/api/machines/x`, { headers: GOOD });
  const requests = app.lines.filter((line) => line.includes('"msg":"request"'));
  assert.equal(requests.filter((line) => line.includes("/no/such/path")).length, 5);
  assert.equal(requests.filter((line) => line.includes("/api/machines/x")).length, 3);
  unauthenticatedLog.report();
  unauthenticatedLog.report();
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /"remoteAddress":"127.0.0.1","lines":25,"msg":"log lines of unauthenticated requests dropped"/,
  );
});

test("a path that names a machine does not make the line of an unknown caller one of a machine", async (t) => {
  const unauthenticatedLog = new UnauthenticatedLog(5, () => 0, pino({ level: "silent" }));
  const { base, lines } = await startApp(t, { unauthenticatedLog });
  for (let n = 0; n < 30; n += 1) await fetch(`${base}/api/machines/${"a".repeat(40)}`);
  assert.equal(lines.filter((line) => line.includes('"msg":"request"')).length, 5);
});

test("log lines of one machine's requests are bounded, and the dropped ones are counted", async (t) => {
  const reports: string[] = [];
  const log = pino({}, { write: (line: string) => void reports.push(line) });
  const unauthenticatedLog = new UnauthenticatedLog(5, () => 0, log);
  const { base, lines } = await startApp(t, { unauthenticatedLog });
  const init = { method: "PUT", headers: { authorization: "Ticket v1" }, body: "x" };
  for (let n = 0; n < 30; n += 1) await fetch(`${base}/agent/v1/parts/${n}`, init);
  await fetch(`${base}/no/such/path`);
  const requests = lines.filter((line) => line.includes('"msg":"request"'));
  assert.equal(requests.filter((line) => line.includes("/agent/v1/parts/")).length, 5);
  assert.equal(requests.length, 6, "its address has lines of its own");
  unauthenticatedLog.report();
  assert.equal(reports.length, 1);
  assert.match(reports[0] ?? "", /"machineId":"m1","lines":25,"msg":"log lines of a machine's requests dropped"/);
});

test("a TLS handshake that does not end is ended", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "halligan-handshake-"));
  t.after(() => rm(folder, { recursive: true }));
  const { keyFile, ca } = await writeSelfMadeCertificate(folder);
  const key = await readFile(keyFile, "utf8");
  const { port } = await startApp(t, { tls: { cert: ca, key }, limits: { tlsHandshakeTimeoutMs: 300 } });
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  t.after(() => socket.destroy());
  // A record of the handshake that announces more than ever comes.
  socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]));
  socket.resume();
  await once(socket, "close", { signal: AbortSignal.timeout(20_000) });
  const whole = connectTls({ port, host: "127.0.0.1", ca });
  await once(whole, "secureConnect");
  whole.destroy();
});

test("an upgrade is handed over with the caller's address", async (t) => {
  const addresses: string[] = [];
  const parsed = parseTrustedProxies("127.0.0.1");
  assert.ok(parsed.ok);
  const { open } = await startApp(t, {
    proxies: parsed.value.proxies,
    upgrades: {
      "/link": (_request, socket, _head, address) => {
        addresses.push(address);
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      },
    },
  });
  const upgrade = "GET /link HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  await talk(await open(), `${upgrade}X-Forwarded-For: 203.0.113.1, 198.51.100.1\r\n\r\n`);
  await talk(await open(), `${upgrade}\r\n`);
  assert.deepEqual(addresses, ["198.51.100.1", "127.0.0.1"]);
});
