import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ACTION_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

describe("the command line", { concurrency: 4 }, () => {
  for (const [typed, pattern] of [
    [["machnes"], /There is no command "machnes"\. Did you mean "machines"\?/],
    [["library"], /library add, library list, library remove/],
    [["machines", "--tpo", "3"], /There is no option --tpo here\. Did you mean "--top"\?/],
    [["machines", "--top", "many"], /--top takes a whole number/],
    [["machines", "--top"], /--top needs a value/],
    [["run", "m"], /Expected MACHINE SCRIPT; or --tag, --group or --filter for MACHINE/],
    [["run", "m", "s", "x"], /"x" is one argument too many.*go after --/],
    [["machines", "--filter", "--json"], /write --filter=--json/],
  ] as const) {
    it(`"${typed.join(" ")}" is refused with a clear sentence and 64`, async () => {
      await using world = await makeWorld();
      const { exitCode, stdout, stderr } = await world.call(typed);
      assert.equal(exitCode, 64);
      assert.match(`${stdout}${stderr}`, pattern);
    });
  }

  it("errors are JSON with --json, those of the arguments too", async () => {
    await using world = await makeWorld();
    const { exitCode, stdout, stderr } = await world.call(["machnes", "--json"]);
    assert.equal(exitCode, 64);
    assert.equal(JSON.parse(stdout).error.code, "Usage");
    assert.equal(stderr, "");
  });

  it("every command has a help with an example and the shape of its JSON", async () => {
    await using world = await makeWorld();
    const overview = (await world.call(["help"])).stdout;
    const names =
      overview.slice(overview.indexOf("Commands:"), overview.indexOf("Options")).match(/^ {2}[a-z-]+( [a-z-]+)?/gm) ??
      [];
    assert.ok(names.length >= 16);
    for (const name of names.map((text) => text.trim()).filter((text) => !text.startsWith("help"))) {
      if (name === "version") continue;
      const { exitCode, stdout } = await world.call([...name.split(" "), "--help"]);
      assert.equal(exitCode, 0, name);
      assert.match(stdout, /Examples?:\n {2}halligan /);
      assert.match(stdout, /JSON:\n {2}\S/);
    }
  });

  for (const [typed, pattern] of [
    [["help", "library"], /library add .*\n {2}library list /],
    [["library", "--help"], /library add .*\n {2}library list /],
    [["--help", "library"], /library add .*\n {2}library list /],
    [["library", "-h"], /library add .*\n {2}library list /],
    [["help", "library", "add"], /^halligan library add: /],
    [["library", "add", "--help"], /^halligan library add: /],
    [["--help", "library", "add"], /^halligan library add: /],
    [["help", "machines"], /See also:\n {2}machines list /],
    [["help", "help"], /^halligan: live response/],
    [["help", "exit-codes"], /\n {2}64 +the command line is wrong[\s\S]*\n {2}130 +Ctrl\+C/],
    [["help", "output"], /\{error: \{code,/],
    [["help", "login"], /login --from \/var\/lib\/halligan\/administrator\.json/],
    [["version"], /^halligan \d/],
  ] as const) {
    it(`"${typed.join(" ")}" shows help and exits with 0, in a document with --json`, async () => {
      await using world = await makeWorld();
      const { exitCode, stdout, stderr } = await world.call(typed);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout, pattern);
      const json = await world.call([...typed, "--json"]);
      assert.equal(json.exitCode, 0);
      assert.equal(typeof JSON.parse(json.stdout), "object");
    });
  }

  for (const [typed, pattern] of [
    [["help", "librery"], /There is no command "librery"\. Did you mean "library"\?/],
    [["help", "exitcodes"], /Did you mean "exit-codes"\?/],
    [["help", "library", "ad"], /Did you mean "library add"\?/],
    [["library", "ad", "--help"], /Did you mean "library add"\?/],
  ] as const) {
    it(`"${typed.join(" ")}" suggests what was meant and exits with 64`, async () => {
      await using world = await makeWorld();
      const { exitCode, stderr } = await world.call(typed);
      assert.equal(exitCode, 64);
      assert.match(stderr, pattern);
    });
  }

  it("a word that is similar to no command of its group suggests none", async () => {
    await using world = await makeWorld();
    for (const first of ["machines", "library"]) {
      const { exitCode, stderr } = await world.call([first, "extra"]);
      assert.equal(exitCode, 64);
      assert.match(stderr, new RegExp(`There is no "${first} extra"`));
      assert.doesNotMatch(stderr, /Did you mean/);
    }
  });

  it("the address of the API is taken for that of its server", async () => {
    await using world = await makeWorld();
    for (const end of ["/api", "/api/", "/"]) {
      const variables = { ...credentialsOf(world.api), HALLIGAN_URL: `${world.api.url}${end}` };
      const { exitCode, stderr } = await world.call(["machines"], { variables });
      assert.equal(exitCode, 0, stderr);
    }
  });

  it("a server that is not there is unreachable", async () => {
    await using world = await makeWorld();
    const variables = { HALLIGAN_URL: "http://127.0.0.1:1", HALLIGAN_CLIENT_ID: "a", HALLIGAN_CLIENT_SECRET: "b" };
    const { exitCode, stdout } = await world.call(["machines", "--json"], { variables });
    assert.equal(exitCode, 69);
    assert.equal(JSON.parse(stdout).error.code, "Unreachable");
  });

  it("login --from a missing file is a sentence with the path, and a document with --json", async () => {
    await using world = await makeWorld();
    const { exitCode, stderr } = await world.call(["login", "--from", "gone.json"]);
    assert.equal(exitCode, 73);
    assert.match(stderr, /^halligan: \/.*\/gone\.json cannot be used: it does not exist\. Check the path\.\n$/);
    const { stdout } = await world.call(["login", "--from", ".", "--json"]);
    assert.equal(JSON.parse(stdout).error.code, "IsAFolder");
  });

  it("variables that are only half set name what is missing", async () => {
    await using world = await makeWorld();
    const { exitCode, stderr } = await world.call(["machines"], { variables: { HALLIGAN_URL: world.api.url } });
    assert.equal(exitCode, 78);
    assert.match(stderr, /Set HALLIGAN_CLIENT_ID and HALLIGAN_CLIENT_SECRET/);
  });
});

describe("the other commands", { concurrency: 4 }, () => {
  // A small file is read once and sent as it was at that moment.
  it("library add of a large file that changes while it is read says so, and not that the server cannot be reached", async () => {
    await using world = await makeWorld();
    const file = join(world.folder, "growing.log");
    await writeFile(file, "x".repeat(17_000_000));
    const writing = new AbortController();
    const written = (async () => {
      while (!writing.signal.aborted) await appendFile(file, "x");
    })();
    const { exitCode, stderr } = await world.run("library", "add", "growing.log");
    writing.abort();
    await written;
    assert.equal(exitCode, 73, stderr);
    assert.match(stderr, /growing\.log was changed while it was read/);
    assert.equal(world.api.library.size, 0);
  });

  it("library add refuses a taken name, and list and remove show what is there", async () => {
    await using world = await makeWorld();
    await writeFile(join(world.folder, "a.sh"), "one");
    assert.equal((await world.run("library", "add", "a.sh")).exitCode, 0);
    const again = await world.run("library", "add", "a.sh");
    assert.equal(again.exitCode, 67);
    assert.match(again.stderr, /The library has a file named a\.sh .*Replace it with --force/);
    assert.equal((await world.run("library", "add", "a.sh", "--override")).exitCode, 0);
    assert.deepEqual(Object.keys(JSON.parse((await world.run("library", "list", "--json")).stdout)), ["files"]);
    assert.match((await world.run("library", "list")).stdout, /^NAME .*\na\.sh /);
    assert.deepEqual(JSON.parse((await world.run("library", "remove", "a.sh", "--json")).stdout), { removed: "a.sh" });
    assert.equal((await world.run("library", "remove", "a.sh")).exitCode, 66);
  });

  it("put sends the local file with the action and puts it", async () => {
    await using world = await makeWorld();
    await writeFile(join(world.folder, "rules.yar"), "rule");
    assert.equal((await world.run("put", "web-01", "rules.yar")).exitCode, 0);
    const staged = createHash("sha256").update("rule").digest("hex");
    assert.deepEqual(world.api.started[0]?.Commands, [
      { type: "PutFile", params: [{ key: "FileName", value: "rules.yar" }], staged },
    ]);
  });

  it("actions, action and cancel have stable JSON", async () => {
    await using world = await makeWorld();
    assert.equal(
      JSON.parse((await world.run("actions", "--status", "succeeded", "--json")).stdout).actions[0].id,
      ACTION_ID,
    );
    assert.equal(JSON.parse((await world.run("action", ACTION_ID, "--json")).stdout).action.status, "Pending");
    assert.equal(JSON.parse((await world.run("cancel", ACTION_ID, "--json")).stdout).action.status, "Cancelled");
    assert.match((await world.run("cancel", ACTION_ID)).stdout, /is Cancelled/);
  });

  it("action --timing shows each step, the milliseconds between, and the whole", async () => {
    await using world = await makeWorld();
    world.api.library.set("a.sh", Buffer.from("x"));
    assert.equal((await world.run("run", "web-01", "a.sh", "--no-wait")).exitCode, 0);
    const { stdout } = await world.run("action", ACTION_ID, "--timing");
    assert.equal(
      stdout.slice(stdout.indexOf("STEP")),
      [
        "STEP      COMMAND      TIME             MS",
        "accepted               17:32:05.000Z     0",
        "started   0 RunScript  17:32:05.070Z    70",
        "final                  17:32:06.071Z  1001",
        "total  1071 ms",
        "",
      ].join("\n"),
    );
    const { action, timing } = JSON.parse((await world.run("action", ACTION_ID, "--timing", "--json")).stdout);
    assert.deepEqual([action.id, timing.totalMs, timing.steps.length], [ACTION_ID, 1_071, 3]);
  });

  it("action --results shows size, hash and how a file changed", async () => {
    await using world = await makeWorld();
    assert.equal((await world.run("get", "web-01", "/var/log/auth.log", "--no-wait")).exitCode, 0);
    const { stdout } = await world.run("action", ACTION_ID, "--results");
    assert.match(
      stdout,
      /COMMAND +RESULT +SIZE +SHA-256 +CHANGED\n0 GetFile +auth\.log\.gz +44 bytes +c{64} +grew, replaced\n/,
    );
    const { results } = JSON.parse((await world.run("action", ACTION_ID, "--results", "--json")).stdout);
    assert.deepEqual(results[0].fileChange.kinds, ["grew", "replaced"]);
  });

  it("an enrollment token stands alone on standard output", async () => {
    await using world = await makeWorld();
    const { stdout, stderr } = await world.run("enrollment-token", "create", "--uses", "20", "--expires", "7d");
    assert.equal(stdout, "enroll-me\n");
    assert.match(stderr, /For 20 machines/);
    assert.equal((await world.run("enrollment-token", "create", "--expires", "week")).exitCode, 64);
  });

  it("a wait on 429 is a line on standard error that says which limit, until when, and what to do", async () => {
    await using world = await makeWorld();
    let asked = 0;
    const limited = "Too many requests: the limit of ListApplications is reached (10 a minute).";
    const throttled = { error: { code: "TooManyRequests", message: limited, target: "t" } };
    world.api.script.routes.set("GET /halligan/v1/applications", () => {
      asked += 1;
      return asked === 1 ? { status: 429, json: throttled } : { status: 200, json: { value: [] } };
    });
    const { exitCode, stderr } = await world.run("app", "list");
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stderr,
      /^halligan: The server limits requests: Too many requests: the limit of ListApplications is reached \(10 a minute\)\. Waiting 1 s, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, then trying again\. Ctrl\+C stops; --max-wait SECONDS bounds all waits\.\n$/,
    );
    asked = 0;
    const given = await world.run("app", "list", "--max-wait", "0");
    assert.equal(given.exitCode, 75);
    assert.match(
      given.stderr,
      /ListApplications is reached[^\n]*\nTry again later, or allow a longer wait with --max-wait/,
    );
  });

  it("app remove takes a name of one application, and an id where several have the name", async () => {
    await using world = await makeWorld();
    const ids = ["aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"];
    const names = ["playbook", "playbook", "other"];
    const removed: string[] = [];
    const value = [...ids, "aaaaaaaa-0000-4000-8000-000000000003"].map((clientId, index) => ({
      ...{
        clientId,
        name: names[index],
        roles: ["Machine.Read.All"],
        createdAt: "2026-11-21T17:32:05Z",
        hasSecret: true,
        keyIds: [],
      },
    }));
    world.api.script.routes.set("GET /halligan/v1/applications", () => ({ status: 200, json: { value } }));
    for (const { clientId } of value) {
      world.api.script.routes.set(`DELETE /halligan/v1/applications/${clientId}`, () => {
        removed.push(clientId);
        return { status: 204 };
      });
    }
    const several = await world.run("app", "remove", "playbook");
    assert.equal(several.exitCode, 64);
    assert.match(several.stderr, /2 applications are named "playbook"; use the client id/);
    for (const id of ids) assert.ok(several.stderr.includes(id));
    assert.deepEqual(removed, []);
    const unknown = await world.run("app", "remove", "othr");
    assert.equal(unknown.exitCode, 66);
    assert.match(unknown.stderr, /no application "othr"\. Did you mean "other"\?/);
    assert.equal((await world.run("app", "remove", "other")).exitCode, 0);
    assert.equal((await world.run("app", "remove", ids[1] ?? "")).exitCode, 0);
    assert.deepEqual(removed, ["aaaaaaaa-0000-4000-8000-000000000003", ids[1]]);
  });

  it("app create shows the secret once and refuses a role that does not exist", async () => {
    await using world = await makeWorld();
    const { stdout } = await world.run("app", "create", "playbook", "--role", "Machine.LiveResponse");
    assert.match(stdout, /client secret {2}new secret/);
    const wrong = await world.run("app", "create", "playbook", "--role", "Machine.LiveRespons");
    assert.equal(wrong.exitCode, 64);
    assert.match(wrong.stderr, /Did you mean "Machine\.LiveResponse"\?/);
  });
});
