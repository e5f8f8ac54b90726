import assert from "node:assert/strict";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { whyUntrusted } from "../../src/config/config-file.ts";
import { printSettings } from "../../src/config/print-settings.ts";
import { readSettings } from "../../src/config/read-settings.ts";
import { DEFAULT_SETTINGS, SETTING_RULES } from "../../src/settings.ts";
import { temporaryFolder } from "../support/agent-process.ts";

/** The settings of a data folder with this configuration file. */
async function settingsOf(text: string | null, env: NodeJS.ProcessEnv = {}) {
  await using folder = await temporaryFolder();
  if (text !== null) await writeFile(path.join(folder.path, "agent.conf"), text, { mode: 0o600 });
  return await readSettings({ root: folder.path, configFile: undefined, env });
}

test("the environment comes before the file, and the file before the default", async () => {
  const { numbers, sources } = await settingsOf("kill_grace_ms = 700\nstop_ms = 9000 # longer\n", {
    HALLIGAN_AGENT_STOP_MS: "10000",
  });
  assert.deepEqual(numbers, { ...DEFAULT_SETTINGS, killGraceMs: 700, stopMs: 10_000 });
  assert.deepEqual(sources.get("stop_ms"), { from: "environment" });
  assert.deepEqual(sources.get("kill_grace_ms"), { from: "file", line: 1 });
  assert.deepEqual(sources.get("kill_wait_ms"), { from: "default" });
  assert.deepEqual((await settingsOf(null)).numbers, DEFAULT_SETTINGS);
});

test("texts of the file reach their readers as the variables do, and a variable comes before them", async () => {
  const text = "cgroup = none\nscript_env = HTTPS_PROXY,NO_PROXY\n";
  const { env } = await settingsOf(text, { HALLIGAN_AGENT_CGROUP: "/sys/fs/cgroup/other" });
  assert.equal(env.HALLIGAN_AGENT_CGROUP, "/sys/fs/cgroup/other");
  assert.equal(env.HALLIGAN_AGENT_SCRIPT_ENV, "HTTPS_PROXY,NO_PROXY");
});

for (const rule of SETTING_RULES) {
  test(`${rule.key} takes its bounds, and names its range for anything else`, async () => {
    for (const wrong of [String(rule.minimum - 1), String(rule.maximum + 1), "1.5", "", "many", "0x10", "1e3"]) {
      const place = `agent\\.conf, line 2: ${rule.key} must be a whole number`;
      const range = `from ${rule.minimum} to ${rule.maximum}.*default ${rule.default}\\), not '${wrong.replace(".", "\\.")}'`;
      await assert.rejects(settingsOf(`# a comment\n${rule.key} = ${wrong}`), new RegExp(`${place} ${range}`));
      const variable = new RegExp(`^SettingsError: ${rule.variable} must be a whole number ${range}`);
      await assert.rejects(settingsOf(null, { [rule.variable]: wrong }), variable);
    }
    for (const bound of [rule.minimum, rule.maximum]) {
      // A bound may contradict the default of another setting, which is another fault.
      const read = settingsOf(`${rule.key} = ${bound}`).then(({ numbers }) => Object.entries(numbers));
      const value = await read.catch((error: unknown) => String(error));
      if (typeof value === "string") assert.match(value, / must (be at least|be less than|not be above) /);
      else assert.ok(value.some(([name, number]) => name === rule.name && number === bound));
    }
  });
}

test("a value with a unit is refused with the number to write", async () => {
  await assert.rejects(settingsOf("kill_grace_ms = 5 s"), /not '5 s': write 5000 without a unit/);
  await assert.rejects(settingsOf("max_journal_bytes = 64MiB"), /not '64MiB': write 67108864 without a unit/);
  await assert.rejects(settingsOf("kill_grace_ms = 5 MiB"), /not '5 MiB'\.$/);
  await assert.rejects(settingsOf("kill_grace_ms = 5 h"), /not '5 h'\.$/);
});

test("every mistake of the file and the environment is named at once, in the order of lines", async () => {
  const text = "kill_grace_sec = 1\nnonsense\nstop_ms = 9000\nkill_grase_ms = 1\nstop_ms = 8000\nzzzzzzzz = 1\n";
  const error = await settingsOf(text, { HALLIGAN_AGENT_STOPS_MS: "1" }).catch((fault: unknown) => fault);
  assert.ok(error instanceof Error);
  const faults = error.message.split("\n").map((line) => line.replace(/^.*agent\.conf, /, ""));
  assert.deepEqual(faults, [
    "line 1: there is no setting 'kill_grace_sec': write kill_grace_ms (the unit is part of the name, _ms or _bytes).",
    "line 2: 'nonsense' is not a setting: write key = value, or # before a comment.",
    "line 4: there is no setting 'kill_grase_ms': did you mean kill_grace_ms?",
    "line 5: stop_ms is already set in line 3: remove one of them.",
    "line 6: there is no setting 'zzzzzzzz'; `halligan-agent config` lists all settings.",
    "there is no setting HALLIGAN_AGENT_STOPS_MS: did you mean HALLIGAN_AGENT_STOP_MS?",
  ]);
});

test("what the server signs and what belongs to the protocol cannot be set, and the error says why", async () => {
  await assert.rejects(settingsOf("script_timeout_ms = 1000"), /signed order.*HALLIGAN_SCRIPT_TIMEOUT_MS/);
  await assert.rejects(settingsOf("output_limit_bytes = 1"), /signed order.*HALLIGAN_SCRIPT_OUTPUT_LIMIT_BYTES/);
  await assert.rejects(settingsOf("max_queued_frames = 1"), /part of the protocol/);
  await assert.rejects(settingsOf(null, { HALLIGAN_AGENT_MAX_HELD_ORDERS: "1" }), /part of the protocol/);
});

test("two values that contradict each other are named with their places", async () => {
  await assert.rejects(
    settingsOf("stop_ms = 1000", { HALLIGAN_AGENT_KILL_GRACE_MS: "600" }),
    /stop_ms \(1000, .*agent\.conf, line 1\) must be at least HALLIGAN_AGENT_KILL_GRACE_MS \(600, the environment\) and kill_wait_ms \(3000, the default\)/,
  );
  await assert.rejects(settingsOf("proxy_timeout_ms = 20000"), /must be less than connect_timeout_ms/);
  await assert.rejects(settingsOf("backoff_base_ms = 40000"), /must not be above backoff_cap_ms/);
  await assert.rejects(
    settingsOf("kept_scripts_bytes = 10"),
    /max_kept_script_bytes .* must not be above kept_scripts_bytes/,
  );
});

test("a file that others can write, that is another's, or that is no file is refused with the remedy", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "agent.conf");
  const read = () => readSettings({ root: folder.path, configFile: undefined, env: {} });
  await writeFile(file, "stop_ms = 9000\n");
  for (const mode of [0o620, 0o602, 0o666]) {
    await chmod(file, mode);
    await assert.rejects(
      read(),
      new RegExp(`can be written by others \\(mode ${mode.toString(8)}\\).*chmod go-w ${file}`),
    );
  }
  await chmod(file, 0o644);
  assert.equal((await read()).numbers.stopMs, 9_000);
  await mkdir(path.join(folder.path, "folder"));
  const named = { root: folder.path, env: {} };
  await assert.rejects(readSettings({ ...named, configFile: path.join(folder.path, "folder") }), /is not a file/);
  await assert.rejects(
    readSettings({ ...named, configFile: path.join(folder.path, "none") }),
    /--config does not exist/,
  );
  const isFile = () => true;
  assert.match(
    String(whyUntrusted({ uid: 5, mode: 0o600, isFile }, 7, file)),
    /belongs to the user with id 5.*chown 7/,
  );
  assert.equal(whyUntrusted({ uid: 0, mode: 0o644, isFile }, 7, file), null);
  assert.equal(whyUntrusted({ uid: 7, mode: 0o600, isFile }, 7, file), null);
  if (process.geteuid?.() === 0) {
    await chown(file, 12_345, 0);
    await assert.rejects(read(), /belongs to the user with id 12345, but must belong to root/);
  }
});

test("what is printed is a configuration file with the same effect, and names every setting and its source", async () => {
  const before = await settingsOf("stop_ms = 9000\n", { HALLIGAN_AGENT_KILL_WAIT_MS: "4000" });
  const printed = printSettings(before);
  assert.match(printed, /From: line 1 of the file\nstop_ms = 9000\n/);
  assert.match(printed, /From: the environment \(HALLIGAN_AGENT_KILL_WAIT_MS\)\nkill_wait_ms = 4000\n/);
  assert.match(printed, /From: default\n#kill_grace_ms = 500\n/);
  for (const line of printed.split("\n")) assert.ok(line.length <= 100 || line.startsWith("# File: "), line);
  const after = await settingsOf(printed);
  assert.deepEqual(after.numbers, before.numbers);
  const uncommented = await settingsOf(printed.replace(/^#(?=[a-z_]+ = )/gm, ""));
  assert.deepEqual(uncommented.numbers, before.numbers);
  assert.ok([...uncommented.sources.values()].every(({ from }) => from === "file"));
});
