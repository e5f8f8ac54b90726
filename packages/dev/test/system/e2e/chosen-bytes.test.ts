import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { until } from "../../../../protocol/test/support/until.ts";
import { World } from "../../../src/world.ts";
import { addScript, runScript, transcriptOf, waitFor, waitForEnd } from "../../e2e/live-response.ts";
import { halligan as callHalligan } from "../cli/halligan.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Two analysts at the same time, each with the CLI, one server, real agents. */
describe("a run is bound to the bytes that its caller chose", { timeout: 600_000 }, () => {
  let world: World;
  /** Operations of the server with their status, in the order in which they ended. */
  const answered: string[] = [];
  before(async () => {
    world = await World.start({
      agents: 3,
      settings: {
        HALLIGAN_LIMITS_PROFILE: "open",
        HALLIGAN_RUNNING_SESSIONS: "1",
        HALLIGAN_SESSION_RETRY_AFTER_MS: "1000",
      },
      onLine(_program, line) {
        const operation = /"operation":"(\w+)"/.exec(line)?.[1];
        const status = /"status":(\d+)/.exec(line)?.[1];
        if (operation !== undefined) answered.push(`${operation} ${status}`);
      },
    });
  });
  after(() => world[Symbol.asyncDispose]());
  beforeEach(() => {
    answered.length = 0;
  });

  const halligan = (...args: string[]) => callHalligan(world, ...args);
  const countOf = (pattern: RegExp) => answered.filter((line) => pattern.test(line)).length;
  async function seen(pattern: RegExp, times: number): Promise<void> {
    await until(() => countOf(pattern) >= times, `${times} responses that match ${pattern}`);
  }
  const isThere = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );

  async function local(folder: string, name: string, text: string): Promise<string> {
    await mkdir(join(world.folder, folder), { recursive: true });
    await writeFile(join(world.folder, folder, name), text);
    return `./${folder}/${name}`;
  }

  /**
   * Takes the only session until the returned function is called, so that every other start is
   * answered with 429.
   */
  async function takeTheSession(): Promise<() => Promise<void>> {
    const go = join(world.folder, `go-${performance.now()}`);
    await addScript(world, "holds.sh", `#!/bin/sh\nwhile [ ! -e ${go} ]; do sleep 0.05; done\n`);
    const id = world.machines[2]?.id ?? "";
    const action = await world.client.runLiveResponse(id, { Commands: [runScript("holds.sh")], Comment: "holds" });
    await waitFor(world, action.id, ({ status }) => status === "InProgress");
    return async () => {
      await writeFile(go, "");
      await waitForEnd(world, action.id);
    };
  }

  test("two local files of one name, started while both wait on 429, each run on the machine they were meant for", async () => {
    const [ofA, ofB] = [await local("a", "collect.sh", "echo of A\n"), await local("b", "collect.sh", "echo of B\n")];
    const giveBack = await takeTheSession();
    const a = halligan("run", "device-1", ofA);
    await seen(/^StartLiveResponse 429/, 1);
    const b = halligan("run", "device-2", ofB);
    await seen(/^StageContent 2/, 2);
    await giveBack();
    assert.deepEqual(await Promise.all([a, b]).then((ends) => ends.map(({ stdout }) => stdout)), ["of A\n", "of B\n"]);
  });

  test("a library file that is replaced while its run waits on 429 is not run: the error names both hashes", async () => {
    const ran = join(world.folder, "ran");
    const [chosen, other] = [`#!/bin/sh\ntouch ${ran}\n`, `#!/bin/sh\n# another\ntouch ${ran}\n`];
    await addScript(world, "shared.sh", chosen);
    const replacement = await local("c", "shared.sh", other);
    const giveBack = await takeTheSession();
    const run = halligan("run", "device-1", "shared.sh");
    await seen(/^StartLiveResponse 429/, 1);
    assert.equal((await halligan("library", "add", replacement, "--override")).exitCode, 0);
    await giveBack();
    const { exitCode, stderr } = await run;
    assert.equal(exitCode, 67, stderr);
    assert.match(stderr, new RegExp(sha256(chosen)));
    assert.match(stderr, new RegExp(sha256(other)));
    assert.equal(await isThere(ran), false);
  });

  test("a library file that is replaced after its run was accepted runs as it was", async () => {
    const [begun, go] = [join(world.folder, "begun"), join(world.folder, "go-on")];
    const path = await local("d", "later.sh", "echo other\n");
    await addScript(world, "later.sh", "echo chosen\n");
    const first = `touch ${begun}; while [ ! -e ${go} ]; do sleep 0.05; done`;
    await addScript(world, "first.sh", `${first}\n`);
    const sha256Of = async (name: string) => (await world.client.getLibraryFile(name)).sha256;
    const commands = [
      { ...runScript("first.sh"), sha256: await sha256Of("first.sh") },
      { ...runScript("later.sh"), sha256: await sha256Of("later.sh") },
    ];
    const id = world.machines[0]?.id ?? "";
    const action = await world.client.startLiveResponse(id, { Commands: commands, Comment: "test" });
    await until(() => isThere(begun), "the start of the script");
    assert.equal((await halligan("library", "add", path, "--override")).exitCode, 0);
    await writeFile(go, "");
    assert.equal((await waitForEnd(world, action.id)).status, "Succeeded");
    assert.equal((await transcriptOf(world, action.id, 1)).script_output, "chosen\n");
  });

  test("run, run --put and put do not change the library", async () => {
    const content = "echo of the library\n";
    const file = {
      fileName: "kept.sh",
      override: true,
      description: "of a colleague",
      content: () => new Blob([content]),
    };
    await world.client.putLibraryFile(file);
    const before = await world.client.listLibraryFiles();
    const path = await local("e", "kept.sh", "echo local\n");
    assert.equal((await halligan("run", "device-1", path, "--put", path)).stdout, "local\n");
    assert.equal((await halligan("put", "device-1", path)).exitCode, 0);
    assert.equal((await halligan("run", "device-1", "kept.sh")).stdout, "of the library\n");
    assert.deepEqual(await world.client.listLibraryFiles(), before);
  });

  for (const [what, name] of [
    ["blanks, quotes and letters that are not ASCII", `it's "my" \`1st\` $(id) Überprüfung-日本語-🚒.sh`],
    ["a leading dash", "-rf.sh"],
    ["255 bytes", `${"ü".repeat(126)}.sh`],
  ] as const) {
    test(`a name with ${what} works for local files and for files of the library`, async () => {
      const path = await local("names", name, "echo ran\n");
      const run = await halligan("run", "device-1", path, "--json");
      assert.equal(run.exitCode, 0, run.stdout);
      const { results } = JSON.parse(run.stdout);
      assert.deepEqual([results[0].scriptName, results[0].output], [name, "ran\n"]);
      const put = await halligan("put", "device-1", path);
      assert.equal(put.exitCode, 0, put.stderr);
      const work = join(world.machines[0]?.dataDir ?? "", "work");
      assert.equal(await readFile(join(work, name), "utf8"), "echo ran\n");
      const added = await halligan("library", "add", path);
      assert.equal(added.exitCode, 0, added.stderr);
      const ofLibrary = await halligan("run", "device-1", `library:${name}`, `--put=library:${name}`);
      assert.deepEqual([ofLibrary.exitCode, ofLibrary.stdout], [0, "ran\n"], ofLibrary.stderr);
      assert.equal((await halligan("library", "remove", "--", name)).exitCode, 0);
    });
  }
});
