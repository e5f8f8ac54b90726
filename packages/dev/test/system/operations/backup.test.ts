import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ApiError } from "@halligan/protocol/client";
import { until } from "../../../../protocol/test/support/until.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import {
  addScript,
  collected,
  getFile,
  runScript,
  runToEnd,
  sha256Of,
  transcriptOf,
  waitForEnd,
} from "../../e2e/live-response.ts";

const backUp = async (dataDir: string, folder: string, settings: Record<string, string> = {}) => {
  await using program = new Program("backup", {
    command: process.execPath,
    args: [ENTRY.server, "backup", folder],
    env: { HALLIGAN_DATA_DIR: dataDir, ...settings },
  });
  const code = await program.exited;
  return { code, output: program.output };
};
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("from a backup of a running server its devices link again, old results are there, and nothing runs twice", async () => {
  await using world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  const [machine] = world.machines;
  assert.ok(machine);
  const lines = join(world.folder, "lines");
  const linesOf = async (word: string) =>
    (await readFile(lines, "utf8")).split("\n").filter((line) => line.startsWith(word));
  await addScript(world, "mark.sh", `#!/bin/sh\necho "$1 $$" >> ${lines}\n`);
  await addScript(world, "stay.sh", `#!/bin/sh\necho "$1 $$" >> ${lines}\nexec sleep 600\n`);
  const evidence = Buffer.alloc(300_000, "evidence ");
  await writeFile(join(world.folder, "evidence"), evidence);

  const before = await runToEnd(world, machine.id, [
    runScript("mark.sh", "before"),
    getFile(join(world.folder, "evidence")),
  ]);
  assert.equal(before.status, "Succeeded");
  // Waits in the backup for a device that is offline, and runs after it.
  await world.agent(machine.id).stop();
  const waiting = await world.client.runLiveResponse(machine.id, {
    Commands: [runScript("mark.sh", "waiting")],
    Comment: "c",
  });

  const folder = join(world.folder, "backup");
  const { code, output } = await backUp(world.dataDir, folder);
  assert.equal(code, 0, output);
  assert.match(output, /^Backup of .* database of \d+ bytes, keys, 3 files$/m);

  const agent = await world.startAgent(machine.id);
  assert.equal((await waitForEnd(world, waiting.id)).status, "Succeeded");
  const after = await runToEnd(world, machine.id, [runScript("mark.sh", "after")]);
  const unknown = await world.client.runLiveResponse(machine.id, {
    Commands: [runScript("stay.sh", "stay")],
    Comment: "c",
  });
  await until(async () => (await linesOf("stay")).length > 0, "the start of the script");
  const pid = Number((await linesOf("stay"))[0]?.split(" ")[1]);

  world.server.kill("SIGKILL");
  await world.server.exited;
  await rm(world.dataDir, { recursive: true });
  await cp(folder, world.dataDir, { recursive: true });
  const linkedBefore = agent.output.split('"event":"linked"').length;
  await world.startServer();
  await until(() => agent.output.split('"event":"linked"').length > linkedBefore, "the connection of the agent");

  assert.equal(sha256Of(await collected(world, before.id, 1)), sha256Of(evidence));
  assert.equal((await transcriptOf(world, before.id, 0)).exit_code, 0);
  for (const { id } of [after, unknown]) {
    await assert.rejects(
      world.client.getMachineAction(id),
      (cause) => cause instanceof ApiError && cause.status === 404,
    );
  }
  await until(() => !isAlive(pid), "the end of the script");
  const lost = await waitForEnd(world, waiting.id);
  assert.equal(lost.status, "Failed");
  const again = await runToEnd(world, machine.id, [runScript("mark.sh", "again")]);
  assert.equal(again.status, "Succeeded", JSON.stringify(again.commands));
  for (const word of ["before", "waiting", "after", "stay", "again"])
    assert.equal((await linesOf(word)).length, 1, word);
});

test("a backup is for its owner only, holds every key, no unfinished upload and no credentials", async () => {
  await using world = await World.start({ agents: 0 });
  await addScript(world, "a.sh", "true\n");
  const partial = join(world.dataDir, "blobs", "partials", `${"a".repeat(64)}.data`);
  await writeFile(partial, "half");
  const folder = join(world.folder, "backup");
  assert.equal((await backUp(world.dataDir, folder)).code, 0);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    assert.equal(mode & 0o077, 0, entry.name);
  }
  const files = names.filter((entry) => entry.isFile()).map(({ name }) => name);
  for (const name of ["halligan.db", "order.pem", "access-token.pem", "result-link.key", "link-ticket.key"]) {
    assert.ok(files.includes(name), name);
  }
  const isUnwanted = (name: string) => name.endsWith(".data") || name === "lock" || name.startsWith("administrator");
  assert.deepEqual(files.filter(isUnwanted), []);
});

test("a backup does not overwrite another, says when a file is lost, and refuses what it cannot copy", async () => {
  await using world = await World.start({ agents: 0 });
  await addScript(world, "a.sh", "true\n");
  const folder = join(world.folder, "backup");
  assert.equal((await backUp(world.dataDir, folder)).code, 0);
  const again = await backUp(world.dataDir, folder);
  assert.deepEqual([again.code, again.output.includes("exists already")], [78, true]);

  const nothing = await backUp(join(world.folder, "nowhere"), join(world.folder, "other"));
  assert.deepEqual([nothing.code, nothing.output.includes("there is no database")], [78, true]);
  const shared = await backUp(world.dataDir, join(world.folder, "other"), {
    HALLIGAN_DATABASE_URL: "postgres://u:mark3r@127.0.0.1:1/d",
  });
  assert.deepEqual(
    [shared.code, shared.output.includes("pg_dump"), shared.output.includes("mark3r")],
    [78, true, false],
  );

  const library = join(world.dataDir, "blobs", "library");
  await rm(library, { recursive: true });
  const lossy = await backUp(world.dataDir, join(world.folder, "lossy"));
  assert.equal(lossy.code, 1);
  assert.match(lossy.output, /1 files that the database refers to are lost, the first is library\/[0-9a-f]{64}/);
});
