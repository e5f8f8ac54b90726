import assert from "node:assert/strict";
import { test } from "node:test";
import { readArguments, readTypedConfig, UsageError } from "../../../src/config/arguments.ts";
import { ConfigError } from "../../../src/config/config.ts";
import { exitCodeOf, explainFailure } from "../../../src/setup/start-failure.ts";

function read(args: string[], env: Record<string, string> = {}) {
  const request = readArguments(args);
  assert.ok("settings" in request);
  return readTypedConfig(env, request.settings);
}

test("a wrong value is named by the option that was typed, else by its setting", () => {
  for (const [args, pattern] of [
    [["--listen", "foo"], /^UsageError: --listen must be HOST:PORT, not foo; see/],
    [["--public-url", "x"], /^UsageError: --public-url must be an absolute/],
    [["--tls-cert", "a"], /^UsageError: --tls-cert and HALLIGAN_TLS_KEY_FILE go together/],
    [["--tls-cert", "a", "--tls-key", "b", "--tls-ends-at-proxy"], /--tls-cert and --tls-ends-at-proxy contradict/],
  ] as const) {
    assert.throws(() => read([...args]), pattern);
  }
  assert.throws(
    () => read([], { HALLIGAN_LISTEN: "foo" }),
    /^ConfigError: HALLIGAN_LISTEN must be HOST:PORT, not foo$/,
  );
});

test("a wrong command line, wrong settings and other failures end with the codes of the command line", () => {
  assert.equal(exitCodeOf(new UsageError("x")), 64);
  assert.equal(exitCodeOf(new ConfigError("x")), 78);
  assert.equal(exitCodeOf(new Error("x")), 1);
  for (const args of [["nope"], ["backup"], ["--nope"], ["admin"], ["--show-secret"]]) {
    assert.throws(() => readArguments(args), UsageError);
  }
});

test("a locked database is explained with the remedy", () => {
  const locked = Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY_SNAPSHOT" });
  for (const cause of [locked, new Error("the store did not open", { cause: locked })]) {
    assert.match(
      explainFailure(cause),
      /database is locked\. Another program has halligan\.db .* end it and try again/,
    );
  }
});
