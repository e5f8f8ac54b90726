import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, type Environment, readConfig } from "../../../src/config/config.ts";
import { environmentName, NUMBER_SETTINGS } from "../../../src/config/settings.ts";

const read = (env: Environment) => readConfig({ HALLIGAN_DATA_DIR: "/data", ...env });

test("an environment that turns the check of certificates off is refused", () => {
  for (const value of ["0", "00", "false", " 0 "]) {
    assert.throws(
      () => read({ NODE_TLS_REJECT_UNAUTHORIZED: value }),
      /turns the check of certificates off.*NODE_EXTRA_CA_CERTS/,
    );
  }
  for (const value of ["1", "", "true"]) read({ NODE_TLS_REJECT_UNAUTHORIZED: value });
});

test("without any setting it listens on loopback in the clear and says so in its public URL", () => {
  const config = read({});
  assert.deepEqual(config.listen, { host: "127.0.0.1", port: 8780 });
  assert.equal(config.publicUrl, "http://127.0.0.1:8780");
  assert.equal(config.tls, null);
});

test("off loopback plain HTTP is refused with what to set, before anything else is said", () => {
  for (const listen of ["0.0.0.0:80", "192.0.2.1:80", "[::]:80", "halligan.example:80"]) {
    assert.throws(
      () => read({ HALLIGAN_LISTEN: listen }),
      (cause) => cause instanceof ConfigError && /TLS_CERT_FILE.*TLS_ENDS_AT_PROXY/.test(cause.message),
      listen,
    );
  }
  for (const listen of ["127.0.0.1:80", "localhost:80", "[::1]:80"]) read({ HALLIGAN_LISTEN: listen });
});

test("a certificate with its key, or a proxy that ends TLS, opens other addresses", () => {
  const tls = { HALLIGAN_TLS_CERT_FILE: "/c", HALLIGAN_TLS_KEY_FILE: "/k" };
  assert.equal(read({ ...tls, HALLIGAN_LISTEN: "192.0.2.1:443" }).publicUrl, "https://192.0.2.1:443");
  const proxied = { HALLIGAN_TLS_ENDS_AT_PROXY: "true", HALLIGAN_PUBLIC_URL: "https://halligan.example" };
  assert.equal(read({ ...proxied, HALLIGAN_LISTEN: "0.0.0.0:80" }).publicUrl, "https://halligan.example");
});

test("settings that contradict each other are refused with the names of both", () => {
  assert.throws(() => read({ HALLIGAN_TLS_CERT_FILE: "/c" }), /CERT_FILE and HALLIGAN_TLS_KEY_FILE/);
  assert.throws(
    () => read({ HALLIGAN_TLS_CERT_FILE: "/c", HALLIGAN_TLS_KEY_FILE: "/k", HALLIGAN_TLS_ENDS_AT_PROXY: "true" }),
    /CERT_FILE and HALLIGAN_TLS_ENDS_AT_PROXY/,
  );
});

test("an address that names no host needs a public URL", () => {
  const tls = { HALLIGAN_TLS_CERT_FILE: "/c", HALLIGAN_TLS_KEY_FILE: "/k" };
  assert.throws(() => read({ ...tls, HALLIGAN_LISTEN: "0.0.0.0:443" }), /HALLIGAN_PUBLIC_URL/);
  assert.throws(() => read({ HALLIGAN_LISTEN: "127.0.0.1:0" }), /HALLIGAN_PUBLIC_URL/);
});

test("a setting that does not exist is refused by name: a misspelt limit is no limit", () => {
  assert.throws(() => read({ HALLIGAN_QUEUE_TIMEOUT: "5" }), /HALLIGAN_QUEUE_TIMEOUT/);
  read({ HALLIGAN_AGENT_DATA: "/a", HALLIGAN_URL: "http://x", HALLIGAN_CLIENT_SECRET: "s" });
});

test("a number out of its range, or no number, is refused with the range", () => {
  for (const text of ["0", "-1", "1.5", "ten", "", "99999999999999"]) {
    assert.throws(
      () => read({ HALLIGAN_RUNNING_SESSIONS: text }),
      /HALLIGAN_RUNNING_SESSIONS must be a whole number/,
      text,
    );
  }
});

test("every setting has a unit or says what it counts, and an environment name of its own", () => {
  const names = Object.keys(NUMBER_SETTINGS);
  assert.equal(new Set(names.map(environmentName)).size, names.length);
  assert.equal(environmentName("queueTimeoutMs"), "HALLIGAN_QUEUE_TIMEOUT_MS");
  for (const name of names)
    assert.match(
      name,
      /(Ms|Bytes|PerMinute|PerHour|PerSecond|PerAddress|Sessions|Links|Streams|Downloads|Requests|Files)$/,
    );
});

test("the profile open lifts the throttles and nothing else, and a setting still overrules it", () => {
  const [defender, open] = [read({}).numbers, read({ HALLIGAN_LIMITS_PROFILE: "open" }).numbers];
  assert.deepEqual(
    [defender.runRequestsPerMinute, defender.runningSessions, defender.requestsPerHour],
    [10, 25, 1_500],
  );
  assert.equal(open.runRequestsPerMinute, 1_000_000_000);
  assert.equal(open.queueTimeoutMs, defender.queueTimeoutMs);
  assert.equal(read({ HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_RUNNING_SESSIONS: "3" }).numbers.runningSessions, 3);
  assert.throws(() => read({ HALLIGAN_LIMITS_PROFILE: "wide" }), /defender or open/);
  const unknown = (env: object) => read({ ...env }).policy.unknownLibraryFiles;
  assert.deepEqual([unknown({}), unknown({ HALLIGAN_LIMITS_PROFILE: "open" })], ["accept", "refuse"]);
  const accept = { HALLIGAN_UNKNOWN_LIBRARY_FILES: "accept", HALLIGAN_LIMITS_PROFILE: "open" };
  assert.equal(unknown(accept), "accept");
  assert.throws(() => read({ HALLIGAN_GRANTS: "all" }), /HALLIGAN_GRANTS must be held or any, not all/);
});

test("a public URL with a path, a query or credentials is refused", () => {
  for (const url of ["halligan.example", "ftp://x", "https://x/path", "https://x?q", "https://u:p@x"]) {
    assert.throws(() => read({ HALLIGAN_PUBLIC_URL: url }), /HALLIGAN_PUBLIC_URL/, url);
  }
});

test("further names of the tenant are domain names with commas between them", () => {
  assert.deepEqual(read({}).tenantNames, []);
  const names = read({ HALLIGAN_TENANT_NAMES: " Contoso.onmicrosoft.com, soc.example,," }).tenantNames;
  assert.deepEqual(names, ["contoso.onmicrosoft.com", "soc.example"]);
  for (const wrong of [
    "common",
    "a b",
    "https://soc.example",
    "10.0.0.1",
    "a..b",
    "3f0c2a64-7a51-4c0e-9d3e-5b1f0e6c8a27",
  ]) {
    assert.throws(() => read({ HALLIGAN_TENANT_NAMES: wrong }), /HALLIGAN_TENANT_NAMES must be domain names/);
  }
});
