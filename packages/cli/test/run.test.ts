import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { renderResults } from "../src/actions/output/results.ts";
import { ACTION_ID, MACHINE_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("halligan run", { concurrency: 4 }, () => {
  it("passes the script's output, errors and exit code on, and nothing else without a terminal", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.transcript = {
      script_name: "a.sh",
      exit_code: 3,
      script_output: "o\u001b[31mut\n\0",
      script_errors: "err\n",
    };
    const { exitCode, stdout, stderr } = await world.run("run", "web-01", "a.sh", "--", "--since", "2 days 'ago'");
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 3, stdout: "o\u001b[31mut\n\0", stderr: "err\n" });
    assert.equal(world.api.started[0]?.machineId, MACHINE_ID);
    assert.deepEqual(world.api.started[0]?.Commands, [
      {
        type: "RunScript",
        params: [
          { key: "ScriptName", value: "a.sh" },
          { key: "Args", value: "--since '2 days '\\''ago'\\'''" },
        ],
        sha256: sha256("x"),
      },
    ]);
  });

  it("repeats a start whose response was lost with the same key, which starts one action", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.lostStarts = 1;
    const { exitCode, stdout } = await world.run("run", "web-01", "a.sh");
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: "out\n" });
    const { started, startKeys } = world.api;
    assert.equal(started.length, 1);
    assert.match(startKeys[0] ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual(startKeys, [startKeys[0], startKeys[0]]);
    await world.run("run", "web-01", "a.sh");
    assert.notEqual(startKeys[2], startKeys[0], "another start has another key");
  });

  it("gives up after three repeated starts, and says that the action may have been started", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.lostStarts = 100;
    const { exitCode, stderr } = await world.run("run", "web-01", "a.sh", "--no-wait");
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /The action may have been started; see: halligan actions --machine/);
    assert.equal(world.api.startKeys.length, 4);
    assert.equal(new Set(world.api.startKeys).size, 1);
  });

  for (const [scriptExitCode, exitCode] of [
    [255, 255],
    [63, 63],
    [64, 85],
    [85, 85],
    [99, 85],
    [130, 85],
    [137, 137],
    [256, 85],
    [-1, 85],
    [3_010, 85],
  ] as const) {
    it(`a script's exit code ${scriptExitCode} becomes ${exitCode}, and --json has the true one`, async () => {
      await using world = await makeWorld();
      world.api.library.set("a.sh", Buffer.from("x"));
      world.api.script.transcript.exit_code = scriptExitCode;
      const ended = await world.run("run", "web-01", "a.sh", "--json");
      assert.equal(ended.exitCode, exitCode);
      assert.equal(JSON.parse(ended.stdout).exitCode, scriptExitCode);
      assert.equal("error" in JSON.parse(ended.stdout), false);
      const { stderr } = await world.run("result", ACTION_ID);
      assert.equal(stderr.includes(`halligan: The script ended with exit code ${scriptExitCode}.`), exitCode === 85);
    });
  }

  it("--json prints one document of the documented shape", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    const { stdout, stderr } = await world.run("--json", "run", MACHINE_ID, "a.sh", "--get", "/tmp/out.txt");
    const document = JSON.parse(stdout);
    assert.deepEqual(Object.keys(document), ["action", "exitCode", "results"]);
    assert.equal(document.action.id, ACTION_ID);
    assert.equal("@odata.context" in document.action, false);
    assert.deepEqual(document.results[0], {
      index: 0,
      type: "RunScript",
      scriptName: "a.sh",
      exitCode: 0,
      output: "out\n",
      errors: "",
      truncated: false,
    });
    assert.deepEqual(Object.keys(document.results[1]), ["index", "type", "path", "savedAs", "sizeBytes", "sha256"]);
    assert.equal(document.results[1].savedAs, join(world.folder, "out.txt"));
    assert.equal(stderr, "");
    assert.equal(await readFile(join(world.folder, "out.txt"), "utf8"), "content of the file\n");
  });

  it("says on standard error and with --json that output was cut, in a pipe too", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.transcript = {
      ...{ script_name: "a.sh", exit_code: 0, script_output: "12\n[halligan: output cut off after 2 bytes]\n" },
      script_errors: "no line end",
      halligan: { stdout: { sizeBytes: 9, keptBytes: 2, textBytes: 2 } },
    };
    world.api.script.commands = [{ status: "Completed", errors: ["stdout was cut: 2 of 9 bytes kept."] }];
    const { exitCode, stdout, stderr } = await world.run("run", "web-01", "a.sh", "--raw");
    assert.equal(exitCode, 0);
    assert.equal(stdout, "12");
    assert.equal(stderr, "no line end\nRunScript: stdout was cut: 2 of 9 bytes kept.\n");
    const { results } = JSON.parse((await world.run("result", ACTION_ID, "--json")).stdout);
    assert.equal(results[0].truncated, true);
    assert.deepEqual(results[0].streams, { stdout: { sizeBytes: 9, keptBytes: 2, textBytes: 2 } });
    assert.equal((await world.run("result", ACTION_ID, "--json", "--raw")).exitCode, 64);
  });

  it("--raw gives back the exact bytes of output that is not UTF-8", () => {
    const bytes = Buffer.from([0x61, 0xff, 0x00, 0x1b, 0x5b, 0x32, 0x4a]);
    const script = {
      ...({ index: 0, type: "RunScript", scriptName: "a.sh", exitCode: 0, output: "a\ufffd", errors: "e" } as const),
      ...{
        truncated: false,
        streams: { stdout: { sizeBytes: 7, keptBytes: 7, textBytes: 7, base64: bytes.toString("base64") } },
      },
    };
    const { text, notes } = renderResults([script], { stdout: process.stdout, stderr: process.stderr }, true);
    assert.ok(Buffer.from(text).equals(bytes));
    assert.match(Buffer.from(notes).toString(), /^e/);
  });

  it("sends a local script and local files with the action, under their own names, and leaves the library alone", async () => {
    await using world = await makeWorld();
    world.api.library.set("local.sh", Buffer.from("of a colleague"));
    await writeFile(join(world.folder, "local.sh"), "echo hi\n");
    await writeFile(join(world.folder, "my rules.yar"), "rule\n");
    const { exitCode, stderr } = await world.run("run", "web-01", "./local.sh", "--put", "my rules.yar");
    assert.equal(exitCode, 0);
    assert.match(stderr, /Using the local file \.\/local\.sh \(SHA-256 [0-9a-f]{64}\)/);
    assert.deepEqual([...world.api.library.values()].map(String), ["of a colleague"]);
    assert.deepEqual([...world.api.staged.values()].map(String).toSorted(), ["echo hi\n", "rule\n"]);
    assert.deepEqual(world.api.started[0]?.Commands, [
      { type: "PutFile", params: [{ key: "FileName", value: "my rules.yar" }], staged: sha256("rule\n") },
      { type: "RunScript", params: [{ key: "ScriptName", value: "local.sh" }], staged: sha256("echo hi\n") },
    ]);
  });

  it("library: names a library file also where a local one lies, and one that begins with a dash", async () => {
    await using world = await makeWorld();
    world.api.library.set("-x.sh", Buffer.from("dash"));
    world.api.library.set("rules.yar", Buffer.from("shared"));
    await writeFile(join(world.folder, "rules.yar"), "stray");
    const { exitCode, stderr } = await world.run("run", "web-01", "library:-x.sh", "--put", "library:rules.yar");
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(world.api.started[0]?.Commands, [
      { type: "PutFile", params: [{ key: "FileName", value: "rules.yar" }], sha256: sha256("shared") },
      { type: "RunScript", params: [{ key: "ScriptName", value: "-x.sh" }], sha256: sha256("dash") },
    ]);
    assert.equal(world.api.staged.size, 0);
  });

  it("a library file that was replaced since it was chosen is not run, and the error says what is there now", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    const message = `Library file a.sh was replaced: it has the SHA-256 ${sha256("y")} now, not ${sha256("x")}`;
    world.api.script.startError = { status: 409, code: "LibraryFileChanged", message };
    const ended = await world.run("run", "web-01", "a.sh", "--json");
    assert.equal(ended.exitCode, 67);
    const { error } = JSON.parse(ended.stdout);
    assert.equal(error.code, "LibraryFileChanged");
    assert.ok(error.message.includes(message));
  });

  it("an error text of the server is one line, so that it cannot look like a line of halligan", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    const message = "refused\nhalligan: all good";
    world.api.script.startError = { status: 409, code: "LibraryFileChanged", message };
    const { exitCode, stderr } = await world.run("run", "web-01", "a.sh");
    assert.equal(exitCode, 67);
    assert.match(stderr, /refused/);
    assert.doesNotMatch(stderr, /^halligan: all good/m);
  });

  it("a large local file that changes between its hash and its sending is refused, or the hashed bytes are sent", async () => {
    await using world = await makeWorld();
    const path = join(world.folder, "large.bin");
    await writeFile(path, Buffer.alloc(40 * 1024 * 1024));
    // Its head is here, so it has been hashed; most of its body is still to be read.
    world.api.onRequest = (line) => {
      if (line.startsWith("PUT /halligan/v1/content/")) appendFileSync(path, "more");
    };
    const { exitCode, stderr } = await world.run("put", MACHINE_ID, "./large.bin");
    if (exitCode === 0) {
      // The runtime opened the file before the change, and reads no further than it was then.
      assert.deepEqual(
        [...world.api.staged.values()].map(({ length }) => length),
        [40 * 1024 * 1024],
      );
      return;
    }
    assert.equal(exitCode, 73, `${exitCode}: ${stderr}`);
    assert.match(stderr, /large\.bin was changed while it was read/);
    assert.equal(world.api.started.length, 0);
  });

  it("a stray local file does not replace the library's script of that name", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("shared"));
    await writeFile(join(world.folder, "a.sh"), "stray");
    assert.equal((await world.run("run", "web-01", "a.sh")).exitCode, 0);
    assert.equal(world.api.library.get("a.sh")?.toString(), "shared");
  });

  it("a script that is nowhere is reported before the machine is bothered", async () => {
    await using world = await makeWorld();
    world.api.library.set("triage.sh", Buffer.from("x"));
    const { exitCode, stderr } = await world.run("run", "web-01", "triaje.sh");
    assert.equal(exitCode, 66);
    assert.match(stderr, /neither in the library nor a file.*Did you mean "triage\.sh"\?/);
    assert.equal(world.api.started.length, 0);
  });

  it("a name of several machines is refused with their ids", async () => {
    await using world = await makeWorld();
    const ids = ["b".repeat(40), "c".repeat(40)];
    world.api.script.machines = ids.map((id) => ({ id, computerDnsName: "twin" }));
    const { exitCode, stderr } = await world.run("run", "twin", "a.sh");
    assert.equal(exitCode, 64);
    for (const id of ids) assert.ok(stderr.includes(id));
    const asJson = JSON.parse((await world.run("run", "twin", "a.sh", "--json")).stdout);
    assert.equal(asJson.error.code, "AmbiguousMachine");
    assert.deepEqual(asJson.machineIds, ids);
  });

  it("a computer name is found whatever its case", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    assert.equal((await world.run("run", "WEB-01", "a.sh")).exitCode, 0);
  });

  for (const [status, code, exitCode] of [
    ["Failed", "ActionFailed", 80],
    ["TimeOut", "ActionTimedOut", 81],
    ["Cancelled", "ActionCancelled", 82],
  ] as const) {
    it(`an action that ends as ${status} exits with ${exitCode} and says why`, async () => {
      await using world = await makeWorld();
      world.api.library.set("a.sh", Buffer.from("x"));
      world.api.script.statuses = [status];
      world.api.script.commands = [{ status: "Failed", errors: ["killed after 600 s"] }];
      const ended = await world.run("run", "web-01", "a.sh", "--json");
      assert.equal(ended.exitCode, exitCode);
      const document = JSON.parse(ended.stdout);
      assert.equal(document.error.code, code);
      assert.match(document.error.message, /RunScript: killed after 600 s/);
      // What was written until then is evidence too.
      assert.equal(document.results[0].output, "out\n");
    });
  }

  it("a busy machine has a code of its own and names the action in the way", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.startError = {
      status: 400,
      code: "ActiveRequestAlreadyExists",
      message: `busy, active action id: ${ACTION_ID}`,
    };
    const ended = await world.run("run", "web-01", "a.sh", "--json");
    assert.equal(ended.exitCode, 84);
    assert.equal(JSON.parse(ended.stdout).blockingActionId, ACTION_ID);
    assert.match(JSON.parse(ended.stdout).error.message, /^web-01: busy/);
  });

  it("an option that is the script's is refused with the place for it", async () => {
    await using world = await makeWorld();
    const { exitCode, stderr } = await world.run("run", "web-01", "a.sh", "--since", "yesterday");
    assert.match(stderr, /There is no option --since here.*Options for the script go after --\./);
    assert.equal(exitCode, 64);
  });

  it("--no-wait leaves the action's id alone on standard output", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    assert.deepEqual(await world.run("run", "web-01", "a.sh", "--no-wait"), {
      exitCode: 0,
      stdout: `${ACTION_ID}\n`,
      stderr: "",
    });
  });

  it("--timeout ends the waiting, not the action", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.statuses = ["InProgress"];
    const ended = await world.run("run", "web-01", "a.sh", "--timeout", "1", "--json");
    assert.equal(ended.exitCode, 83);
    const document = JSON.parse(ended.stdout);
    assert.equal(document.error.code, "WaitLimitReached");
    assert.equal(document.action.status, "InProgress");
    assert.equal(
      world.api.seen.some((line) => line.endsWith("/cancel")),
      false,
    );
  });

  it("Ctrl+C stops the waiting, says how to go on, and exits with 130", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    world.api.script.statuses = ["InProgress"];
    const { child, ended } = world.spawn(["run", "web-01", "a.sh"], { variables: credentialsOf(world.api) });
    await world.api.whenSeen(`GET /api/machineactions/${ACTION_ID}`);
    child.kill("SIGINT");
    const { exitCode, stderr } = await ended;
    assert.equal(exitCode, 130);
    assert.match(stderr, new RegExp(`Action ${ACTION_ID} goes on`));
    assert.match(stderr, new RegExp(`halligan cancel ${ACTION_ID}`));
    assert.equal(
      world.api.seen.some((line) => line.endsWith("/cancel")),
      false,
    );
  });
});
