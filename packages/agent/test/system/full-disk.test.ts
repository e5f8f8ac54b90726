import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { until } from "../../../protocol/test/support/until.ts";
import { realRandom } from "../../src/agent.ts";
import { putFile } from "../../src/commands/files/put-file.ts";
import { JournalWriter } from "../../src/core/journal/journal-writer.ts";
import { JournalDisk } from "../../src/disk/journal-disk.ts";
import { spoolPaths } from "../../src/disk/order-files.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { commandWorld } from "../support/command-world.ts";
import { silentLog, World } from "../support/fake-ports.ts";
import { FakeServer } from "../support/fake-server.ts";
import { run } from "../support/scripts.ts";
import { noSmallDisk, smallDisk } from "../support/small-disk.ts";

const options = { timeout: 60_000, skip: noSmallDisk };
const never = new AbortController().signal;
const FULL = "the device's disk is full";

test("a journal that cannot be written stays as it was, and goes on when there is room", options, async () => {
  await using disk = await smallDisk(256);
  const args = "x".repeat(20_000);
  const world = new World();
  const record = (orderSeq: number) =>
    ({
      type: "accepted",
      order: world.order(orderSeq, [{ index: 0, type: "RunScript", scriptName: "a", args, file: null }]),
    }) as const;
  using file = new JournalDisk(disk.path);
  const deps = { disk: file, clock: systemClock, random: realRandom, log: silentLog, settings: DEFAULT_SETTINGS };
  const journal = await JournalWriter.open(deps, async () => undefined);
  await journal.tryAppend(record(1));
  const before = await readFile(path.join(disk.path, "journal.jsonl"));
  disk.fill();
  for (let tries = 0; tries < 3; tries++) await assert.rejects(journal.tryAppend(record(2)), /ENOSPC/);
  assert.ok((await readFile(path.join(disk.path, "journal.jsonl"))).equals(before));
  await assert.rejects(file.replaceJournal(Buffer.alloc(100_000)), /ENOSPC/);
  assert.deepEqual((await readdir(disk.path)).sort(), ["filler", "journal.jsonl"]);
  const waiting = journal.append(never, record(2));
  disk.makeRoom();
  await waiting;
  await journal.tryAppend({ type: "forgotten", orderSeq: 2 });
  const again = await JournalWriter.open(deps, () => Promise.reject(new Error("it is not new")));
  assert.deepEqual([again.state.highestOrderSeq, [...again.state.orders.keys()]], [2, [1]]);
});

test(
  "PutFile and a script that do not fit fail with that reason, leave nothing, and work when there is room",
  options,
  async () => {
    await using disk = await smallDisk(512);
    await using world = await commandWorld({ root: path.join(disk.path, "data") });
    const big = `echo hello; exit\n${"#".repeat(200_000)}`;
    const job = world.job({ index: 0, type: "PutFile", fileName: "tool", file: world.server.addFile(big) } as const);
    disk.fill();
    const put = await putFile(world.deps, job, never);
    const script = await run(world, big);
    assert.equal(put.outcome, "failed");
    assert.match(put.errors.join(), new RegExp(FULL));
    assert.deepEqual([script.outcome, script.ran], ["failed", false]);
    assert.match(script.errors.join(), new RegExp(FULL));
    disk.makeRoom();
    const half = smallRoom(disk.path, 100_000);
    assert.match((await putFile(world.deps, job, never)).errors.join(), new RegExp(FULL));
    assert.match((await run(world, big)).errors.join(), new RegExp(FULL));
    assert.deepEqual([readdirSync(world.folder.work), readdirSync(world.folder.scripts)], [[], []]);
    rmSync(half);
    assert.deepEqual((await putFile(world.deps, job, never)).errors, []);
    const ran = await run(world, "echo hello\n");
    assert.deepEqual([ran.outcome, ran.transcript?.script_output], ["completed", "hello\n"]);
  },
);

/** Fills all but so many bytes. */
function smallRoom(folder: string, leftBytes: number): string {
  const { bavail, bsize } = statfsSync(folder);
  const file = path.join(folder, "half");
  execFileSync("fallocate", ["-l", String(bavail * bsize - leftBytes), file]);
  return file;
}

test(
  "a script whose output does not fit runs to its true end, and its transcript says what is missing",
  options,
  async () => {
    await using disk = await smallDisk(512);
    await using world = await commandWorld({ root: path.join(disk.path, "data") });
    const done = path.join(world.temporary, "done");
    smallRoom(disk.path, 40_000);
    const end = await run(world, `head -c 2000000 /dev/zero | tr '\\0' x; touch ${done}; exit 3\n`);
    assert.ok(existsSync(done));
    assert.deepEqual([end.outcome, end.exitCode], ["completed", 3]);
    const [, lost] =
      /^(\d+) bytes of the script's output could not be kept: the device's disk is full\.$/.exec(end.errors[0] ?? "") ??
      [];
    const output = end.transcript?.script_output ?? "";
    assert.match(output.slice(-200), /x\n\[halligan: \d+ bytes of output lost here: the device's disk is full\]\n*$/);
    assert.equal(Number(lost) + (output.match(/x+/)?.[0].length ?? 0), 2_000_000);
  },
);

test("output goes on after a gap when there is room again", options, async () => {
  await using disk = await smallDisk(512);
  await using world = await commandWorld({ root: path.join(disk.path, "data") });
  const filler = path.join(disk.path, "by-script");
  // The disk is filled when the first line is on it, and has room again when the agent has read
  // more than a pipe holds.
  const kept = `until grep -rqs '^first$' ${disk.path}/data; do sleep 0.02; done`;
  const text = `echo first; ${kept}; dd if=/dev/zero of=${filler} bs=4096 2>/dev/null; head -c 300000 /dev/zero | tr '\\0' x; rm ${filler}; echo last\n`;
  const end = await run(world, text);
  assert.deepEqual([end.outcome, end.exitCode], ["completed", 0]);
  assert.match(
    await readFile(spoolPaths(world.folder, 1, 0).stdout, "utf8"),
    /^first\nx*\n\[halligan: \d+ bytes of output lost here: .*\]\nx*last\n$/,
  );
  assert.equal(end.errors.length, 1);
});

test("a script of whose output nothing at all could be kept is failed for it", options, async () => {
  await using disk = await smallDisk(512);
  await using world = await commandWorld({ root: path.join(disk.path, "data") });
  const text = `dd if=/dev/zero of=${disk.path}/by-script bs=4096 2>/dev/null; echo hello; exit 3\n`;
  const end = await run(world, text);
  assert.deepEqual([end.outcome, end.exitCode, end.ran], ["failed", 3, true]);
  assert.deepEqual(end.errors, [`6 bytes of the script's output could not be kept: ${FULL}.`]);
});

for (const runtime of RUNTIMES) {
  const skip = noSmallDisk || (runtime.isThere ? false : `${runtime.name} is not installed`);
  test(`under ${runtime.name} an order on a full disk is refused as diskFull, and the next one with room is done`, {
    timeout: 60_000,
    skip,
  }, async () => {
    await using disk = await smallDisk(1024);
    await using folder = await temporaryFolder();
    await using server = new FakeServer();
    const root = path.join(disk.path, "data");
    {
      const args = ["enroll", "--server", await server.listen(), "--data", root];
      await using enrolling = new AgentProcess(runtime.file, args, { env: { HALLIGAN_ENROLLMENT_TOKEN: "t" } });
      assert.equal(await enrolling.exited, 0, enrolling.output);
    }
    await using agent = new AgentProcess(runtime.file, ["run", "--data", root]);
    await server.frame("hello");
    await until(() => agent.output.includes('"linked"'), "the linked line of the agent");
    const file = server.addFile("echo hello\n");
    // Long enough that it does not fit into what is left of the journal's last block.
    const script = { index: 0, type: "RunScript", scriptName: "a.sh", args: "x".repeat(9_000), file } as const;
    disk.fill();
    server.sendOrder(server.order([script]));
    const refused = await server.frame("refused");
    assert.equal(refused.code, "diskFull");
    assert.ok(agent.child.exitCode === null);
    disk.makeRoom();
    server.sendOrder(server.order([script]));
    const ended = await server.frame("ended");
    assert.deepEqual([ended.outcome, ended.errors], ["completed", []]);
    // Its end waits for space and is reported then.
    const by = path.join(disk.path, "by-script");
    const full = server.addFile(`dd if=/dev/zero of=${by} bs=4096 2>/dev/null; touch ${folder.path}/done\n`);
    const from = server.frames.length;
    server.sendOrder(server.order([{ ...script, file: full }]));
    await until(() => existsSync(path.join(folder.path, "done")), "the end of the script");
    await until(() => /(journal|ownersLog)WriteFailed/.test(agent.output), "the log line of the failed write");
    await until(async () => (await stat(by)).size > 0, "the freed space");
    rmSync(by);
    assert.equal((await server.frame("ended", () => true, from)).outcome, "completed");
  });
}
