import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { ACTION_ID, MACHINE_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");

describe("halligan exec", { concurrency: 4 }, () => {
  it("runs the command without a library name and passes output and exit code on", async () => {
    await using world = await makeWorld();
    world.api.script.transcript = { script_name: "script.sh", exit_code: 3, script_output: "o", script_errors: "e" };
    const { exitCode, stdout, stderr } = await world.run("exec", "web-01", "ps aux | head");
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 3, stdout: "o", stderr: "e" });
    assert.deepEqual(world.api.started[0]?.Commands, [{ type: "RunScript", params: [], content: "ps aux | head\n" }]);
    assert.equal(world.api.staged.size, 0);
    assert.equal(
      world.api.seen.some((line) => line.includes("library")),
      false,
    );
  });

  it("joins words with blanks as ssh does, and takes those with a dash after --", async () => {
    await using world = await makeWorld();
    for (const [words, line] of [
      [["ps", "aux"], "ps aux\n"],
      [["--", "ls", "-l", "/tmp"], "ls -l /tmp\n"],
      [["ls", "--", "-l"], "ls -l\n"],
    ] as const) {
      assert.equal((await world.run("exec", "web-01", ...words, ...[])).exitCode, 0);
      assert.equal(world.api.started.at(-1)?.Commands[0]?.content, line);
    }
    const { exitCode, stderr } = await world.run("exec", "web-01", "ls", "-l");
    assert.equal(exitCode, 64);
    assert.match(stderr, /go after --/);
  });

  it("takes the machine by tag, and the interpreter", async () => {
    await using world = await makeWorld();
    const ended = await world.run("exec", "--tag", "case", "--interpreter", "python", "print(1)");
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.equal(world.api.started[0]?.machineId, MACHINE_ID);
    assert.equal(world.api.started[0]?.Commands[0]?.interpreter, "python");
    assert.equal((await world.run("exec", "web-01", "--interpreter", "cobol", "x")).exitCode, 64);
    const without = await world.run("exec", "web-01");
    assert.match(without.stderr, /Expected MACHINE COMMAND/);
  });

  it("refuses an empty command, an empty machine, and a machine that is left in with --tag", async () => {
    await using world = await makeWorld();
    for (const [args, message] of [
      [["exec", "web-01", ""], /COMMAND is empty; there is nothing to run/],
      [["exec", "web-01", " ", "--", " "], /COMMAND is empty/],
      [["exec", "", "ls"], /An argument is empty: halligan exec MACHINE COMMAND/],
      [["action", ""], /An argument is empty: halligan action ACTION/],
      [["get", " ", "/x"], /An argument is empty: halligan get MACHINE PATH/],
      [["exec", "--tag", "t", "dev-1", "ls"], /--tag t names the machine, and "dev-1" would be run as a command/],
      [["exec", "--group", "g", "dev-1", "--", "ls"], /Leave MACHINE out/],
    ] as const) {
      const { exitCode, stderr } = await world.run(...args);
      assert.equal(exitCode, 64, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(world.api.seen, []);
    assert.equal((await world.run("exec", "--tag", "case", "--", "ls", "-l")).exitCode, 0);
    assert.equal(world.api.started.at(-1)?.Commands[0]?.content, "ls -l\n");
  });

  it("a script of standard input is sent in the start, or uploaded when it is long or no text", async () => {
    await using world = await makeWorld();
    const variables = credentialsOf(world.api);
    const text = "\ufeffecho 1\n";
    for (const command of ["exec", "run"]) {
      const short = await world.call([command, "web-01", "-", "--interpreter", "python"], { variables, stdin: text });
      assert.equal(short.exitCode, 0, short.stderr);
      assert.match(short.stderr, new RegExp(`Using standard input \\(SHA-256 ${sha256(text)}\\)`));
      const [sent] = world.api.started.at(-1)?.Commands ?? [];
      assert.deepEqual(sent, { type: "RunScript", params: [], content: text, interpreter: "python" });
      const long = "#".repeat(300_000);
      assert.equal((await world.call([command, "web-01", "-"], { variables, stdin: long })).exitCode, 0);
      assert.equal(world.api.started.at(-1)?.Commands[0]?.staged, sha256(long));
      assert.ok(world.api.staged.has(sha256(long)));
      const empty = await world.call([command, "web-01", "-"], { variables });
      assert.deepEqual([empty.exitCode, /Standard input is empty/.test(empty.stderr)], [64, true]);
    }
  });

  it("run takes the machine by tag, and arguments after --", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    const ended = await world.run("run", "--tag", "case", "a.sh", "--", "--since", "now");
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(world.api.started[0]?.Commands[0]?.params.at(-1), { key: "Args", value: "--since now" });
    const named = await world.run("run", "--tag", "case", "web-01", "a.sh");
    assert.match(named.stderr, /leave MACHINE out/);
    const interpreter = await world.run("run", "web-01", "a.sh", "--interpreter", "python");
    assert.match(interpreter.stderr, /for a script of standard input/);
  });

  it("action --script says why a script is not there", async () => {
    await using world = await makeWorld();
    const path = `GET /halligan/v1/actions/${ACTION_ID}/commands/0/script`;
    const error = {
      code: "ResourceNotFound",
      message: "Command 0 has no script: no longer kept",
      target: "11111111-2222-3333-4444-555555555555",
    };
    world.api.script.routes.set(path, () => ({ status: 404, json: { error } }));
    await world.run("exec", "web-01", "ls");
    const { exitCode, stdout } = await world.run("action", ACTION_ID, "--script");
    assert.equal(exitCode, 0);
    assert.match(stdout, /script of command 0: .*\nCommand 0 has no script: no longer kept\n$/);
  });

  it("a missing permission is named together with all that the command needs", async () => {
    await using world = await makeWorld();
    world.api.script.startError = { status: 403, code: "Forbidden", message: "needs Machine.LiveResponse" };
    for (const [command, own] of [
      [["exec", "web-01", "ls"], "Library.Manage for the command; "],
      [["get", "web-01", "/etc/hosts"], ""],
    ] as const) {
      const { exitCode, stderr } = await world.run(...command);
      assert.equal(exitCode, 77, stderr);
      assert.match(stderr, /needs Machine\.LiveResponse/);
      assert.ok(stderr.includes(`In all it needs: Machine.LiveResponse; ${own}Machine.Read.All or`), stderr);
    }
    const { error } = JSON.parse((await world.run("exec", "web-01", "ls", "--json")).stdout);
    assert.equal(error.code, "Forbidden");
  });
});
