import assert from "node:assert/strict";
import { test } from "node:test";
import { baseEnvironment, scriptEnvironment } from "../../src/commands/script-environment.ts";
import { passwdAccount } from "../../src/process/environment/account.ts";
import { bestLocale } from "../../src/process/environment/locale.ts";

const NAMES = ["HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TMPDIR", "USER"];

test("nothing of the agent's own environment but the names of the setting is in it", () => {
  const env = { HOME: "/elsewhere", PATH: "/x", LANG: "tlh", npm_config_x: "1", HTTPS_PROXY: "http://u:p@x", A: "a" };
  const own = baseEnvironment(env, "linux");
  assert.deepEqual(Object.keys(own).toSorted(), NAMES);
  assert.equal(own.PATH, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  assert.notEqual(own.HOME, "/elsewhere");
  const more = baseEnvironment({ ...env, HALLIGAN_AGENT_SCRIPT_ENV: " HTTPS_PROXY,A ,,MISSING, PATH" }, "linux");
  assert.deepEqual(more, { ...own, HTTPS_PROXY: "http://u:p@x", A: "a", PATH: "/x" });
});

test("a setting that lists what is no name, or the agent's own names, is refused with the rule", () => {
  for (const [setting, error] of [
    ["A=b", /lists names of variables.*'A=b' is not a name/],
    ["A B", /'A B' is not a name/],
    ["HALLIGAN_ENROLLMENT_TOKEN", /the agent's own and is not passed/],
    ["A,halligan_x", /'halligan_x' is the agent's own/],
    ["BUN_OPTIONS", /'BUN_OPTIONS' changes the runtime/],
    ["A,bun_be_bun", /'bun_be_bun' changes the runtime/],
  ] as const) {
    assert.throws(() => baseEnvironment({ HALLIGAN_AGENT_SCRIPT_ENV: setting }, "linux"), error);
  }
});

test("on Windows it is the system's own variables, whose values differ from device to device", () => {
  const env = { SystemRoot: "C:\\Windows", PATH: "C:\\x", npm_config_x: "1", SECRET: "s" };
  assert.deepEqual(baseEnvironment(env, "win32"), { SystemRoot: "C:\\Windows", PATH: "C:\\x" });
});

test("the command's four names are there, whatever the setting passes", () => {
  const command = { actionId: "a", orderSeq: 1, index: 2, machineId: "m", workFolder: "/w" };
  assert.deepEqual(scriptEnvironment({ A: "a" }, command), {
    A: "a",
    HALLIGAN_WORKDIR: "/w",
    HALLIGAN_MACHINE_ID: "m",
    HALLIGAN_ACTION_ID: "a",
    HALLIGAN_COMMAND_INDEX: "2",
  });
});

test("an account is found by its number, in the lines of Linux and of macOS", () => {
  const text =
    "root:x:0:0:root:/root:/bin/bash\n+::::::\nagent:x:70:70::/var/lib/agent:/sbin/nologin\nbad:x:71:71:::\n";
  assert.deepEqual(passwdAccount(text, 0), { name: "root", home: "/root" });
  assert.deepEqual(passwdAccount(text, 70), { name: "agent", home: "/var/lib/agent" });
  assert.deepEqual(passwdAccount(text, 71), { name: "bad", home: "/" });
  assert.equal(passwdAccount(text, 7), null);
  const mac = "_agent:*:501:20::0:0:Agent:/Users/agent:/bin/zsh\n";
  assert.deepEqual(passwdAccount(mac, 501), { name: "_agent", home: "/Users/agent" });
});

test("the best locale with UTF-8 is taken, and C where there is none", () => {
  assert.equal(bestLocale(["C", "de_DE.utf8", "en_US.utf8", "C.utf8"]), "C.utf8");
  assert.equal(bestLocale(["POSIX", "de_DE.utf8", "en_US.UTF-8"]), "en_US.UTF-8");
  assert.equal(bestLocale(["de_DE.ISO-8859-1", "de_DE.utf8"]), "de_DE.utf8");
  assert.equal(bestLocale(["C", "POSIX", ""]), "C");
});
