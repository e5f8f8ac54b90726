/** Rows of docs/scripts.md on this device: what its programs make of such a script. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { commandWorld } from "../support/command-world.ts";
import { run } from "../support/scripts.ts";

const timeout = 30_000;
const skip = process.platform === "win32" ? "needs a POSIX shell" : false;
const options = { timeout, skip };
const without = (file: string) => ({ timeout, skip: existsSync(file) ? skip : `this device has no ${file}` });
const MARK = "\ufeff";

test(
  "a shell script with a byte order mark runs without it, and says so with the SHA-256 of what ran",
  options,
  async () => {
    await using world = await commandWorld();
    for (const text of [
      "#!/bin/bash\nset -e\ncat $0\n",
      "set -e\ncat $0\n",
      `#!/bin/bash\ncat $0\n#${"x".repeat(100_000)}\n`,
    ]) {
      const end = await run(world, MARK + text);
      assert.deepEqual([end.outcome, end.exitCode], ["completed", 0]);
      const sha256 = createHash("sha256").update(text).digest("hex");
      const note =
        "The script begins with a UTF-8 byte order mark, which its interpreter would take for a part of the first line. " +
        `It ran without these 3 bytes (SHA-256 of what ran: ${sha256}). Save it as UTF-8 without a mark.`;
      assert.deepEqual(end.errors, [note]);
      if (!end.transcript) continue;
      assert.deepEqual([end.transcript.script_output, end.transcript.script_errors], [text, `[halligan: ${note}]\n`]);
    }
  },
);

test("Python and Perl read a byte order mark themselves, and CR LF", without("/usr/bin/perl"), async () => {
  await using world = await commandWorld();
  const scripts: [name: string, text: string][] = [
    ["a.py", `${MARK}print("\u00e9")\r\n`],
    ["a", `${MARK}#!/usr/bin/env python3\nprint("\u00e9")\r\n`],
    ["a.pl", `${MARK}print "\u00e9\\n";\r\n`],
  ];
  for (const [name, text] of scripts) {
    const end = await run(world, text, { name });
    assert.deepEqual([end.errors, end.transcript?.script_output, end.exitCode], [[], "\u00e9\n", 0], name);
  }
});

test("a shell script with CR LF is not run at all, and one with a few such lines says so", options, async () => {
  await using world = await commandWorld();
  const ran = path.join(world.temporary, "ran");
  const refused = await run(world, `touch ${ran}\r\n`);
  assert.deepEqual([refused.outcome, refused.ran, existsSync(ran)], ["failed", false, false]);
  const end = await run(world, "echo a\nprintf '%s' 'b\r\n'\n");
  assert.equal(end.transcript?.script_output, "a\nb\r\n");
  assert.match(end.errors.join(), /line 2 is the first that ends with CR LF/);
  assert.equal(end.transcript?.script_errors, `[halligan: ${end.errors[0]}]\n`);
});

test("scripts without a '#!' line run by their usual interpreter, with their arguments", options, async () => {
  await using world = await commandWorld();
  const scripts: [name: string, text: string, program: string][] = [
    ["a.py", "import sys; print(sys.argv[1:])\n", "/usr/bin/python3"],
    ["a.pl", 'print "@ARGV\\n";\n', "/usr/bin/perl"],
    ["a.js", "console.log(process.argv.slice(2).join())\n", "/usr/bin/node"],
  ];
  const expected = ["['x y', 'z']\n", "x y z\n", "x y,z\n"];
  for (const [at, [name, text, program]] of scripts.entries()) {
    if (!existsSync(program)) continue;
    const end = await run(world, text, { name, args: "'x y' z" });
    assert.deepEqual([end.errors, end.transcript?.script_output], [[], expected[at]]);
  }
});

test("Ruby and PowerShell are found in the PATH of scripts", options, async () => {
  const base = await commandWorld();
  await using _base = base;
  const programs = path.join(base.temporary, "programs");
  mkdirSync(programs);
  for (const name of ["ruby", "pwsh"]) {
    writeFileSync(path.join(programs, name), `#!/bin/sh\necho ${name} "$@"\n`);
    chmodSync(path.join(programs, name), 0o755);
  }
  const env = { PATH: programs, HALLIGAN_AGENT_SCRIPT_ENV: "PATH" };
  await using world = await commandWorld({ env });
  const file = path.join(world.folder.scripts, "1-0");
  const ruby = await run(world, "puts 1\n", { name: "a.rb", args: "x" });
  assert.equal(ruby.transcript?.script_output, `ruby ${file}/a.rb x\n`);
  const pwsh = await run(world, "1\r\n", { name: "a.ps1", args: "C:\\x" });
  const line = `pwsh -NoProfile -NonInteractive -ExecutionPolicy Bypass -File ${file}/a.ps1 C:\\x\n`;
  assert.equal(pwsh.transcript?.script_output, line);
});

test("a program of this device runs as a script does", {
  timeout,
  skip: process.platform === "linux" ? false : "copies an ELF file",
}, async () => {
  await using world = await commandWorld();
  const end = await run(world, readFileSync("/usr/bin/printf"), { name: "tool", args: "'%s-' a 'b c'" });
  assert.deepEqual([end.outcome, end.errors, end.transcript?.script_output], ["completed", [], "a-b c-"]);
  const foreign = readFileSync("/usr/bin/printf");
  foreign.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
  const refused = await run(world, foreign, { name: "tool" });
  assert.deepEqual([refused.outcome, refused.ran], ["failed", false]);
});

test("env splits its options with -S, as the kernel gives it one argument", options, async () => {
  await using world = await commandWorld();
  const end = await run(world, '#!/usr/bin/env -S A=b sh -e\necho "$A $-"; false; echo never\n');
  assert.equal(end.transcript?.script_output.slice(0, 3), "b e");
  assert.equal(end.exitCode, 1);
});

test("an empty script is refused, and nothing is run", options, async () => {
  await using world = await commandWorld();
  const end = await run(world, "");
  assert.deepEqual([end.outcome, end.ran], ["failed", false]);
  assert.match(end.errors[0] ?? "", /is empty/);
});
