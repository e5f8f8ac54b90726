import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { until } from "../../../../protocol/test/support/until.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import { addScript, waitFor, waitForEnd } from "../../e2e/live-response.ts";
import { halligan, variablesFor } from "./halligan.ts";

const WAITS = 'while [ ! -e "$1" ]; do sleep 0.05; done';

describe("halligan run and attach", { timeout: 180_000 }, () => {
  let world: World;
  before(async () => {
    world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
    await addScript(world, "steps.sh", `#!/bin/sh\nprintf 'one\\n'; printf 'err\\n' >&2; ${WAITS}; echo two; exit 7\n`);
    await addScript(world, "endless.sh", "#!/bin/sh\necho begun\nsleep 600\n");
  });
  after(() => world[Symbol.asyncDispose]());

  /** A process of its own, whose lines are seen as they come. */
  function cli(...args: string[]): Program & { lines: string[] } {
    const lines: string[] = [];
    const program = new Program("cli", {
      command: process.execPath,
      args: [ENTRY.cli, ...args],
      env: variablesFor(world),
      onLine: (line) => lines.push(line),
    });
    return Object.assign(program, { lines });
  }

  const runningId = async (): Promise<string> => {
    const [action] = await world.client.listMachineActions({ limit: 1 });
    assert.ok(action);
    return action.id;
  };

  test("run prints the output while the script runs, in a pipe too, and ends with its exit code", async () => {
    const go = join(world.folder, "go-run");
    await using run = cli("run", "device-1", "steps.sh", "--", go);
    await until(() => run.lines.includes("one") && run.lines.includes("err"), "the first lines");
    await using late = cli("attach", await runningId());
    await using fromEnd = cli("attach", await runningId(), "--from", "end");
    await until(() => late.lines.includes("one"), "the first line at a later watcher");
    const audit = () => world.client.listAudit({ operation: "WatchMachineActionOutput", limit: 10 });
    await until(async () => (await audit()).length === 3, "the watcher from the end");
    await writeFile(go, "");
    assert.deepEqual([await run.exited, await late.exited, await fromEnd.exited], [7, 7, 7]);
    assert.deepEqual(run.lines.toSorted(), ["err", "one", "two"]);
    assert.deepEqual(late.lines.toSorted(), ["err", "one", "two"]);
    assert.deepEqual(fromEnd.lines, ["two"]);
  });

  test("attach shows a finished action again, and with --json its events line by line", async () => {
    const id = await runningId();
    const { exitCode, stdout, stderr } = await halligan(world, "attach", id);
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 7, stdout: "one\ntwo\n", stderr: "err\n" });
    const json = await halligan(world, "attach", id, "--json");
    const documents = json.stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    assert.deepEqual(documents, [
      { event: "chunk", index: 0, stream: "stdout", offset: 0, text: "one\ntwo\n", cursor: "0.8.0" },
      { event: "chunk", index: 0, stream: "stderr", offset: 0, text: "err\n", cursor: "0.8.4" },
      { event: "command", index: 0, type: "RunScript", status: "Completed", exitCode: 7, cursor: "1.0.0" },
      { event: "end", status: "Succeeded", cursor: "1.0.0" },
    ]);
    assert.equal(json.exitCode, 7);
    const end = await halligan(world, "attach", id, "--from", "end");
    assert.deepEqual([end.exitCode, end.stdout], [7, ""]);
  });

  test("action --stdout writes exactly the bytes of a script, and says when it has to be asked otherwise", async () => {
    const bytes = "printf 'a\\000\\377\\r\\n'; yes | head -c 300000; printf 'err\\303' >&2";
    await addScript(world, "bytes.sh", `#!/bin/sh\n${bytes}\n`);
    const run = await halligan(world, "run", "device-1", "bytes.sh", "--output-limit", "200001");
    assert.equal(run.exitCode, 0, run.stderr);
    const id = await runningId();
    // A process of its own, because its standard output is bytes.
    const exact = (...args: string[]) =>
      promisify(execFile)(process.execPath, [ENTRY.cli, "action", id, ...args], {
        env: { ...process.env, ...variablesFor(world) },
        encoding: "buffer",
        maxBuffer: 1_000_000,
      });
    const whole = Buffer.concat([Buffer.from([0x61, 0, 0xff, 13, 10]), Buffer.from("y\n".repeat(150_000))]);
    assert.ok((await exact("--stdout")).stdout.equals(whole.subarray(0, 200_001)), "the kept bytes, without a note");
    assert.deepEqual([...(await exact("--stderr", "--command", "0")).stdout], [...Buffer.from("err\xc3", "latin1")]);
    const facts = await halligan(world, "action", id, "--results", "--json");
    assert.deepEqual(JSON.parse(facts.stdout).results[0].output, {
      stdout: { sizeBytes: 200_001, writtenBytes: 300_005, keptBytes: 200_001, truncated: true },
      stderr: { sizeBytes: 4, writtenBytes: 4, keptBytes: 4, truncated: false },
    });
    assert.match((await halligan(world, "action", id, "--results")).stdout, /195\.3 KiB of 293\.0 KiB +4 bytes/);
    for (const wrong of [
      ["--stdout", "--stderr"],
      ["--stdout", "--json"],
      ["--command", "0"],
    ]) {
      assert.equal((await halligan(world, "action", id, ...wrong)).exitCode, 64, wrong.join(" "));
    }
    assert.equal((await halligan(world, "action", id, "--stdout", "--command", "1")).exitCode, 66);
  });

  test("run --json --live writes the output as it comes, and then the result, each on one line", async () => {
    const go = join(world.folder, "go-live");
    await using run = cli("run", "device-1", "steps.sh", "--json", "--live", "--", go);
    const documents = () => run.lines.map((line) => JSON.parse(line));
    const textOf = (stream: string) =>
      documents()
        .filter((document) => document.event === "chunk" && document.stream === stream)
        .map(({ text }) => text)
        .join("");
    await until(() => textOf("stdout") === "one\n", "the first line, while the script waits");
    await writeFile(go, "");
    assert.equal(await run.exited, 7);
    assert.deepEqual([textOf("stdout"), textOf("stderr")], ["one\ntwo\n", "err\n"]);
    const { event, exitCode, results } = documents().at(-1);
    assert.deepEqual([event, exitCode, results[0].output], ["result", 7, "one\ntwo\n"]);
    assert.deepEqual(
      documents()
        .filter((document) => document.event !== "chunk")
        .map((document) => document.event),
      ["command", "command", "end", "result"],
    );
    assert.equal((await halligan(world, "run", "device-1", "steps.sh", "--live")).exitCode, 64);
  });

  test("attach waits for a server that is away when it begins", async () => {
    const id = await runningId();
    world.server.kill("SIGKILL");
    await world.server.exited;
    await using attached = cli("attach", id);
    await until(() => attached.lines.some((line) => /server is away/.test(line)), "the note about the server");
    await world.startServer();
    assert.equal(await attached.exited, 7, attached.lines.join("\n"));
    const output = attached.lines.filter((line) => !line.startsWith("halligan:"));
    assert.deepEqual(output.toSorted(), ["err", "one", "two"]);
  });

  test("Ctrl+C detaches, with a hint, and cancels when that was asked for", async () => {
    await using run = cli("run", "device-1", "endless.sh");
    await until(() => run.lines.includes("begun"), "the first line");
    run.kill("SIGINT");
    assert.equal(await run.exited, 130);
    const id = await runningId();
    assert.match(run.output, new RegExp(`Action ${id} goes on[^]*halligan attach ${id}`));
    assert.ok(["Pending", "InProgress"].includes((await world.client.getMachineAction(id)).status));
    await using attached = cli("attach", id, "--on-interrupt", "cancel");
    await until(() => attached.lines.includes("begun"), "the first line again");
    attached.kill("SIGINT");
    assert.equal(await attached.exited, 130);
    assert.match(attached.output, new RegExp(`Action ${id} was cancelled`));
    assert.equal((await waitForEnd(world, id)).status, "Cancelled");
    await waitFor(world, id, ({ commands }) => commands[0]?.commandStatus === "Failed");
  });

  test("an unknown action and wrong values are refused", async () => {
    assert.equal((await halligan(world, "attach", "11111111-2222-3333-4444-555555555555")).exitCode, 66);
    assert.equal((await halligan(world, "attach", await runningId(), "--from", "middle")).exitCode, 64);
    assert.equal((await halligan(world, "run", "device-1", "steps.sh", "--on-interrupt", "ask")).exitCode, 64);
  });
});
